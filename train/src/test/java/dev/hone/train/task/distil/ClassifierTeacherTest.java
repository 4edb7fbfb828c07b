package dev.hone.train.task.distil;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.nn.Pass;
import dev.hone.train.TinyModel;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.Inference;
import dev.hone.train.infer.Logits;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A small classifier and a large one: the loss between them, from the logits of both in double precision. */
class ClassifierTeacherTest {
  private static final Dataset<Example.Labelled> ROWS = Dataset.of("rows", List.of(new Example.Labelled("the good one", "b"),
      new Example.Labelled("awful", "a"), new Example.Labelled("it is very fine", "c"), new Example.Labelled("bad", "a"),
      new Example.Labelled("great great", "b")));

  @TempDir
  Path directory;

  private Path large() throws IOException {
    Path base = TinyModel.write(directory.resolve("base"), 32, 64);
    ClassifierTuning.full(base, LabelSet.of(ROWS), 9).save(directory.resolve("large"));
    return directory.resolve("large");
  }

  @ParameterizedTest(name = "temperature {0}, share of labels {1}")
  @CsvSource({"1, 0", "2, 0", "2, 0.3", "4, 0.9"})
  void theLossIsTheFormula(double temperature, double share) throws IOException {
    ClassifierTeacher teacher = ClassifierTeacher.load(large(), null, DistilSettings.of(Map.of("distil_beta", 0,
        "distil_temperature", temperature, "cross_entropy_weight", share)));
    ClassifierTuning small = ClassifierTuning.full(TinyModel.write(directory.resolve("small")), teacher.labels(), 4);
    ClassifierTuning asked = ClassifierTuning.full(directory.resolve("large"), teacher.labels(), 4);
    TrainingSet set = teacher.encode(small, ROWS, null);
    float[][] said = Inference.logits(asked.model(), asked.encode(ROWS), 8);
    float[][] own = Inference.logits(small.model(), small.encode(ROWS), 8);
    double expected = 0;
    int hits = 0;
    for (int i = 0; i < ROWS.size(); i++) {
      double[] p = softmax(said[i], temperature);
      double[] q = softmax(own[i], temperature);
      double divergence = IntStream.range(0, p.length).mapToDouble(c -> p[c] * Math.log(p[c] / q[c])).sum();
      int right = List.of("a", "b", "c").indexOf(ROWS.row(i).label());
      expected += share == 0 ? divergence
          : (1 - share) * temperature * temperature * divergence - share * Math.log(softmax(own[i], 1)[right]);
      hits += Logits.argMax(own[i]) == right ? 1 : 0;
    }
    ClassDistilObjective objective = new ClassDistilObjective(DistilSettings.of(Map.of("distil_beta", 0, "distil_temperature",
        temperature, "cross_entropy_weight", share)));
    int[] all = IntStream.range(0, ROWS.size()).toArray();
    try (Scope _ = Scope.open()) {
      var answer = objective.answer(small.model(), set.batch(all), 1f / all.length, Pass.inference());
      Variable loss = answer.loss();
      assertEquals(expected / all.length, loss.value().item(), 1e-5 * Math.max(1, expected));
      assertEquals(hits, answer.hits());
    }
    assertTrue(expected > 0.01, "the two do not agree: " + expected);
  }

  private static double[] softmax(float[] logits, double temperature) {
    double sum = 0;
    double[] p = new double[logits.length];
    for (int c = 0; c < p.length; c++) {
      p[c] = Math.exp(logits[c] / temperature);
      sum += p[c];
    }
    for (int c = 0; c < p.length; c++) {
      p[c] /= sum;
    }
    return p;
  }

  @Test
  void aModelWithOtherLabelsIsRefused() throws IOException {
    ClassifierTeacher teacher = ClassifierTeacher.load(large(), null, DistilSettings.of(Map.of()));
    ClassifierTuning other = ClassifierTuning.full(TinyModel.write(directory.resolve("small")),
        new LabelSet(List.of("a", "z")), 4);
    assertEquals("the teacher's labels are [a, b, c], the model's [a, z]; both must have the same",
        assertThrows(IllegalArgumentException.class, () -> teacher.teach(other)).getMessage());
  }
}
