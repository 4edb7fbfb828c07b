package dev.hone.train.saving;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.LossOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.Pass.Savings;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.train.fixture.Fixtures;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the last layer computes for rows that nobody reads is left out: losses and gradients are those of the plain way. */
@Tag("fixtures")
class UnreadRowsTest {
  static List<Path> models() {
    return Fixtures.directories("models", directory -> true);
  }

  static List<Path> decoders() {
    return Fixtures.directories("models", directory -> Fixtures.json(directory.resolve("config.json")).path("architectures")
        .path(0).asString().matches(".*(CausalLM|LMHeadModel)"));
  }

  private static void same(PretrainedModel model, Function<Pass, Variable> loss) {
    SideBySide.same(model, loss, new Savings(true, false), List.of(Pass.training(3, 1).withModelDropout(0),
        Pass.training(3, 2).withModelDropout(0.2f), Pass.training(3, 3).withModelDropout(0.2f).withCheckpointing()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void classifiersLearnTheSame(Path directory) {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, new Labels(List.of("a", "b", "c"), Labels.Kind.SINGLE_LABEL), 9);
      SideBySide.prepare(model, adapted, 0.2f);
      TokenBatch batch = SideBySide.rows(model);
      same(model, pass -> LossOps.crossEntropy(model.forward(batch, pass), new int[] {0, 2, 1, 2}, CrossEntropySettings.PLAIN,
          0.25f));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("decoders")
  void languageModelsLearnTheSame(Path directory) {
    for (boolean adapted : new boolean[] {false, true}) {
      PretrainedModel model = PretrainedModel.load(directory, Task.CAUSAL_LM);
      SideBySide.prepare(model, adapted, 0.2f);
      TokenBatch batch = SideBySide.rows(model);
      int[] labels = batch.tokens().clone();
      Arrays.fill(labels, 0, 4, -1); // the last token of the first row, parts of the second and the last, nothing of the third
      Arrays.fill(labels, 9, 12, -1);
      Arrays.fill(labels, 22, 30, -1);
      same(model, pass -> model.loss(batch, labels, CrossEntropySettings.PLAIN, 0.1f, pass).loss());
      same(model, pass -> model.tokenLosses(batch, labels, pass).sum());
    }
  }
}
