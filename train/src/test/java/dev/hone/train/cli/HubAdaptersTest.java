package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Adapters as PEFT writes them and people rename them, each with the logits that PEFT computes: what PEFT reads agrees, the
 * rest is refused by name. {@code -Dhone.hub_models=DIR} is where {@code hub_models/adapters.py} of the references wrote its
 * directories.
 */
class HubAdaptersTest {
  /** What is refused, and words of the message. */
  private static final Map<String, String> REFUSED = Map.ofEntries(
      Map.entry("corda-name", "corda"), Map.entry("loftq-name", "loftq"),
      Map.entry("pissa-niter-raw", "random numbers"), Map.entry("target-missing-in-config", "o_proj"));

  @TestFactory
  Stream<DynamicTest> everyAdapterGivesTheLogitsOfPeftOrIsRefusedByName() throws IOException {
    String property = System.getProperty("hone.hub_models");
    assumeTrue(property != null, "hone.hub_models names no directory of generated adapters");
    Path root = Path.of(property);
    return Files.readAllLines(root.resolve("adapters/cmds.txt")).stream().map(line -> line.split("\\|"))
        .map(parts -> DynamicTest.dynamicTest(parts[0], () -> verify(root, parts[0], parts[1])));
  }

  private static void verify(Path root, String name, String command) {
    CommandRun run = CommandRun.of(Arrays.stream(command.trim().split(" "))
        .map(word -> word.startsWith("adapters/") ? root.resolve(word) : word).toArray());
    System.out.println("RESULT " + name + " " + run.code() + " " + run.out().trim() + " " + run.err().trim());
    if (REFUSED.containsKey(name)) {
      run.assertUserError(REFUSED.get(name));
    } else {
      assertEquals(0, run.code(), run.out() + run.err());
    }
  }
}
