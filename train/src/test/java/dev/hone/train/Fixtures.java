package dev.hone.train;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Expected values from the reference implementations; the system property hone.fixtures names another directory. */
public final class Fixtures {
  private static final Path ROOT = Path.of(System.getProperty("hone.fixtures", "../../shared/reference/fixtures"));

  private Fixtures() {}

  /** One JSON file of the directory; the test is skipped where it is absent. */
  public static JsonNode json(String name) {
    Path file = ROOT.resolve(name);
    assumeTrue(Files.exists(file), "no reference values at " + file);
    return JsonMapper.shared().readTree(file);
  }

  /** One test per case of a JSON file; where the file is absent, one that says so and is skipped. */
  public static Stream<DynamicTest> tests(String name, Function<JsonNode, Stream<DynamicTest>> cases) {
    return Files.exists(ROOT.resolve(name)) ? cases.apply(json(name))
        : Stream.of(DynamicTest.dynamicTest(name, () -> json(name)));
  }

  /** A list of whole numbers. */
  public static int[] ints(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToInt(JsonNode::asInt).toArray();
  }

  /** A list of numbers. */
  public static double[] doubles(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).mapToDouble(JsonNode::asDouble).toArray();
  }

  /** A list of lists of numbers. */
  public static double[][] matrix(JsonNode lists) {
    return StreamSupport.stream(lists.spliterator(), false).map(Fixtures::doubles).toArray(double[][]::new);
  }

  /** A list of texts. */
  public static List<String> strings(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false).map(JsonNode::asString).toList();
  }
}
