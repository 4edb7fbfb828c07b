package dev.hone.train.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.train.fixture.ReferenceCases;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

class ScheduleTest {
  /** Relative to the peak; the references are double precision. */
  private static final double TOLERANCE = 1e-12;

  @TestFactory
  @Tag("fixtures")
  Stream<DynamicTest> ratesAgreeWithTransformers() {
    return Stream.of("optim/schedulers.json", "optim_more/schedulers_more.json").flatMap(file -> ReferenceCases.tests(file, all ->
      all.get("schedulers").propertyStream().map(e -> DynamicTest.dynamicTest(file + " " + e.getKey(), () -> {
        JsonNode c = e.getValue();
        double rate = all.get("lr").asDouble();
        int warmup = (c.has("warmup_steps") ? c : all).get("warmup_steps").asInt();
        Schedule schedule = Schedule.named(c.get("name").asString(), warmup, all.get("steps").asInt(), rate,
            map(c.get("kwargs")));
        double[] expected = ReferenceCases.doubles(c.get("values"));
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], rate * schedule.factor(i), TOLERANCE * rate, "step " + i);
        }
      }))));
  }

  @TestFactory
  @Tag("fixtures")
  Stream<DynamicTest> oneCycleAgreesWithTorch() {
    return ReferenceCases.tests("optim_more/schedulers_more.json", file -> file.get("one_cycle").get("cases").propertyStream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
      JsonNode all = file.get("one_cycle");
      Map<String, Object> arguments = map(e.getValue().get("kwargs"));
      boolean cycled = !"false".equals(String.valueOf(arguments.remove("cycle_momentum")));
      double rate = all.get("max_lr").asDouble();
      Schedule.OneCycle schedule = (Schedule.OneCycle) Schedule.named("one_cycle", 0, all.get("total_steps").asInt(), rate,
          arguments);
      double[] expected = ReferenceCases.doubles(e.getValue().get("values"));
      double[] beta1 = ReferenceCases.doubles(e.getValue().get("beta1"));
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], rate * schedule.factor(i), TOLERANCE * rate, "step " + i);
        if (cycled) {
          assertEquals(beta1[i], schedule.momentum(i, 0.85, 0.95), TOLERANCE, "momentum of step " + i);
        }
      }
    })));
  }

  @TestFactory
  @Tag("fixtures")
  Stream<DynamicTest> parameterGroupsShareTheFactor() {
    return ReferenceCases.tests("optim_more/schedulers_more.json", all -> all.get("two_groups").propertyStream()
        .map(e -> DynamicTest.dynamicTest(e.getKey(), () -> {
      double[] rates = ReferenceCases.doubles(e.getValue().get("lrs"));
      Schedule schedule = Schedule.named(e.getKey(), all.get("warmup_steps").asInt(), all.get("steps").asInt(),
          all.get("lr").asDouble(), map(e.getValue().get("kwargs")));
      double[][] expected = ReferenceCases.matrix(e.getValue().get("values"));
      for (int i = 0; i < expected.length; i++) {
        for (int g = 0; g < rates.length; g++) {
          assertEquals(expected[i][g], rates[g] * schedule.factor(i), TOLERANCE * rates[g], "step " + i + " group " + g);
        }
      }
    })));
  }

  @Test
  void warmupRisesInEqualPartsAndTheLastStepIsNearlyZero() {
    Schedule schedule = new Schedule.Linear(4, 24);
    assertEquals(0, schedule.factor(0));
    assertEquals(0.75, schedule.factor(3));
    assertEquals(1, schedule.factor(4));
    assertEquals(0.05, schedule.factor(23), 1e-15);
    assertEquals(0, schedule.factor(24));
    assertEquals(0, schedule.factor(1000));
  }

  @Test
  void factorsStayBetweenZeroAndOne() {
    for (String name : new String[] {"constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts",
        "cosine_with_min_lr", "cosine_warmup_with_min_lr", "polynomial", "inverse_sqrt", "warmup_stable_decay", "one_cycle"}) {
      for (int warmup : new int[] {0, 1, 7}) {
        Schedule schedule = Schedule.named(name, warmup, 40, 1e-3, Map.of());
        for (int step = 0; step <= 60; step++) {
          double factor = schedule.factor(step);
          assertTrue(factor >= 0 && factor <= 1, name + " step " + step + ": " + factor);
        }
      }
    }
  }

  @Test
  void unknownNamesAndArgumentsAreAnsweredWithKnownOnes() {
    assertTrue(message(() -> Schedule.named("cosin", 0, 10, 1, Map.of())).startsWith(
        "schedule: 'cosin' is not known; known: constant, constant_with_warmup, linear"));
    assertEquals("schedule cosine_with_min_lr: no argument 'min'; known: min_lr, min_lr_rate, num_cycles",
        message(() -> Schedule.named("cosine_with_min_lr", 0, 10, 1, Map.of("min", 1))));
    assertEquals("schedule polynomial: power must be a number, got 'two'",
        message(() -> Schedule.named("polynomial", 0, 10, 1, Map.of("power", "two"))));
    assertEquals("Linear: needs 0 <= warm-up <= total steps, got 11 and 10", message(() -> new Schedule.Linear(11, 10)));
  }

  private static String message(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }

  private static Map<String, Object> map(JsonNode arguments) {
    Map<String, Object> map = new HashMap<>();
    arguments.propertyStream().forEach(e -> map.put(e.getKey(), e.getValue().asString()));
    return map;
  }
}
