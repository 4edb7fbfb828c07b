package dev.hone.autograd;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Values and gradients of the losses against those recorded in float64. */
@Tag("fixtures")
class LossFixturesTest {
  private static final double TOLERANCE = 3e-6; // relative to the largest element of the tensor

  private static final Map<String, Function<FixtureRun, Variable>> LOSSES = new HashMap<>();

  static {
    LOSSES.put("label_smoothing", r -> crossEntropy(r, new CrossEntropySettings(null, r.fixture().number("epsilon"), 0)));
    LOSSES.put("class_weights", r -> crossEntropy(r,
        new CrossEntropySettings(r.fixture().tensor("weight"), r.fixture().number("label_smoothing"), 0)));
    LOSSES.put("z_loss", r -> crossEntropy(r, new CrossEntropySettings(null, 0, r.fixture().number("coefficient"))));
    LOSSES.put("focal", r -> LossOps.focal(r.in("logits"), target(r), r.fixture().number("gamma"),
        r.fixture().has("alpha") ? r.fixture().tensor("alpha") : null, overLabels(r)));
    LOSSES.put("sigmoid_focal", r -> LossOps.sigmoidFocal(r.in("logits"), r.fixture().tensor("target"),
        r.fixture().number("gamma"), r.fixture().number("alpha"), overElements(r)));
    LOSSES.put("bce_pos_weight", r -> LossOps.binaryCrossEntropy(r.in("logits"), r.fixture().tensor("target"),
        r.fixture().tensor("pos_weight"), overElements(r)));
    LOSSES.put("kl", r -> {
      Tensor reference = r.fixture().tensor("reference");
      float temperature = r.fixture().number("temperature");
      return r.fixture().attribute("direction").asString().equals("forward")
          ? LossOps.forwardKl(r.in("logits"), reference, target(r), temperature, overLabels(r))
          : LossOps.reverseKl(r.in("logits"), reference, target(r), temperature, overLabels(r));
    });
    LOSSES.put("distillation", r -> LossOps.distillation(r.in("logits"), r.fixture().tensor("reference"), target(r),
        r.fixture().number("alpha"), r.fixture().number("temperature"), overLabels(r)));
    LOSSES.put("neftune", LossFixturesTest::neftune);
  }

  static List<Fixture> cases() throws IOException {
    return Fixture.all("losses");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void valueAndGradientsAreTheRecordedOnes(Fixture fixture) {
    Function<FixtureRun, Variable> loss = LOSSES.get(fixture.op());
    assertNotNull(loss, "no loss for the fixture " + fixture.op());
    FixtureRun run = new FixtureRun(fixture);
    run.check(loss.apply(run), TOLERANCE);
  }

  /** With the reduction that the case names; the mean is what a case without one has. */
  static Variable crossEntropy(FixtureRun r, CrossEntropySettings settings) {
    String reduction = r.fixture().hasAttribute("reduction") ? r.fixture().attribute("reduction").asString() : "mean";
    return switch (reduction) {
      case "none" -> LossOps.crossEntropyPerRow(r.in("logits"), target(r), settings);
      case "sum" -> LossOps.crossEntropy(r.in("logits"), target(r), settings, 1);
      case "mean" -> LossOps.crossEntropy(r.in("logits"), target(r), settings, (float) (1 / settings.weightOf(target(r))));
      default -> throw new IllegalStateException(r.fixture() + ": reduction " + reduction);
    };
  }

  private static int[] target(FixtureRun r) {
    return r.fixture().indices("target");
  }

  private static float overLabels(FixtureRun r) {
    return (float) (1 / CrossEntropySettings.PLAIN.weightOf(target(r)));
  }

  private static float overElements(FixtureRun r) {
    return 1f / r.fixture().shape("logits").length();
  }

  private static Variable neftune(FixtureRun r) {
    Shape shape = r.fixture().shape("embeddings"); // [S, L, C]
    int[] offsets = IntStream.rangeClosed(0, shape.dim(0)).map(s -> s * shape.dim(1)).toArray();
    Tensor noise = r.fixture().tensor("noise").reshape(shape.rows(), shape.columns());
    Variable rows = r.in("embeddings").reshape(shape.rows(), shape.columns());
    return ActivationOps.neftune(rows, offsets, r.fixture().number("alpha"), noise).reshape(shape.toArray());
  }
}
