package dev.hone.train.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.Labels;
import dev.hone.train.TinyModel;
import dev.hone.train.evaluation.SwapTest.Terms;
import dev.hone.train.infer.Logits;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.metric.Bootstrap;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwapTestTest {
  @TempDir
  Path directory;

  @Test
  void wholeWordsAreExchangedBothWaysAndKeepTheirCapitals() {
    Terms terms = new Terms("he", "she");
    assertEquals("She said: SHE is here, he is not. The (she)?", terms.swap("He said: HE is here, she is not. The (he)?"));
    assertNull(terms.swap("The theme is Sheffield, he_ and 2he."));
    assertEquals("my ΜΗΤΈΡΑ, my Mother-in-law", new Terms("mother", "μητέρα").swap("my MOTHER, my Μητέρα-in-law"));
    assertEquals("my wife's friend", new Terms("husband", "wife").swap("my husband's friend"));
    assertEquals("A small dog", new Terms("big old cat", "small dog").swap("A big old cat"));
    assertEquals("the New Yorkers live in York", new Terms("York", "New Yorkers").swap("the York live in new yorkers"));
    assertEquals("costs $1", new Terms("a.b", "$1").swap("costs a.b"));
    assertNull(new Terms("a.b", "c").swap("acb"));
  }

  @Test
  void theFileIsReadAndItsFaultsAreNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("terms.tsv"), "# pairs\nhe\tshe\n\n his \t her \r\n");
    assertEquals(List.of(new Terms("he", "she"), new Terms("his", "her")), SwapTest.read(file));
    for (String text : List.of("he she\n", "a\tb\tc\n", "he\tHE\n", "a\tb\nx\n", "# nothing\n")) {
      Files.writeString(file, text);
      String message = assertThrows(IllegalArgumentException.class, () -> SwapTest.read(file)).getMessage();
      assertTrue(message.contains("terms.tsv"), message);
    }
  }

  @Test
  void changesAreThoseOfTheClassifier() throws IOException {
    TextClassifier classifier = ClassifierTuning.full(TinyModel.write(directory.resolve("bert")),
        new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL), 5).classifier();
    List<Row> rows = List.of(Row.of(1, "it is good"), Row.of(2, "Bad and bad"), Row.of(3, "nothing"), Row.of(4, "good or bad"));
    SwapTest test = SwapTest.of(classifier, rows, List.of(new Terms("good", "bad"), new Terms("zzz", "yyy")), Bootstrap.USUAL);
    SwapTest.PairResult pair = test.pairs().getFirst();
    assertEquals(3, pair.rows());
    List<TextClassifier.Prediction> before = classifier.predict(List.of("it is good", "Bad and bad", "good or bad"));
    List<TextClassifier.Prediction> after = classifier.predict(List.of("it is bad", "Good and good", "bad or good"));
    double sum = 0;
    int changed = 0;
    for (int i = 0; i < 3; i++) {
      int label = Logits.argMax(before.get(i).probabilities());
      sum += Math.abs(after.get(i).probabilities()[label] - before.get(i).probabilities()[label]);
      changed += before.get(i).label().equals(after.get(i).label()) ? 0 : 1;
    }
    assertEquals(sum / 3, pair.meanChange(), 1e-6);
    assertEquals(changed, pair.changed());
    assertEquals(changed / 3.0, pair.share().value(), 1e-12);
    double first = after.get(0).probabilities()[1] - before.get(0).probabilities()[1];
    double second = before.get(1).probabilities()[1] - after.get(1).probabilities()[1]; // good stands where bad stood
    assertEquals((first + second) / 2, pair.effects().get(1).value(), 1e-6); // the row with both says nothing of the direction
    assertEquals(0, test.pairs().getLast().rows());
    assertTrue(Double.isNaN(test.pairs().getLast().meanChange()));
  }
}
