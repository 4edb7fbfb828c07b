package dev.hone.train.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What a command printed and how it ended. */
record CommandRun(int code, String out, String err) {
  static CommandRun of(Object... words) {
    return piped(null, words);
  }

  /** With a text that is piped in. */
  static CommandRun piped(String input, Object... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(input == null ? null : new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8), false);
    int code = Main.run(Arrays.stream(words).map(Object::toString).toArray(String[]::new), console);
    return new CommandRun(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  String lastErrorLine() {
    return err.lines().toList().getLast();
  }

  /** It ended well. */
  CommandRun assertDone() {
    assertEquals(0, code, err);
    return this;
  }

  /** One line on the screen that contains these words, and exit code 2. */
  void assertUserError(String... words) {
    assertEquals(2, code, err);
    String line = lastErrorLine();
    assertTrue(line.startsWith("error: "), err);
    for (String word : words) {
      assertTrue(line.contains(word), line + "\nmust contain: " + word);
    }
    assertFalse(err.contains("\tat "), err);
  }
}
