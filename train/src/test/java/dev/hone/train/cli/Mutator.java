package dev.hone.train.cli;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Changes a file as mistakes, damage and malice do: values for others of its kind or of another, and bytes for any bytes. */
final class Mutator {
  private static final Pattern VALUE =
      Pattern.compile("\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|-?\\d++(?:\\.\\d++)?(?:[eE][-+]?\\d++)?|true|false|null");
  private static final Pattern MARK = Pattern.compile("[\\[\\]{}:,\\n\"]");
  private static final List<String> VALUES =
      List.of("-1", "0", "1", "2", "3", "7", "64", "0.5", "-0.0", "1e300", "1e-300", "1e999",
      "2147483647", "-2147483648", "2147483648", "100000000", "9223372036854775808", "1".repeat(400), "null", "true", "false",
      "{}", "[]",
      "\"\"", "\"x\"", "\"1\"", "[1]", "[\"x\"]", "[null]", "{\"a\": 1}", "{\"a\": {}}", "[[]]", "NaN", "Infinity", "\"\\u0000\"",
      "\"\\ud800\"", "\"" + "long".repeat(750) + "\"");
  private static final List<String> MARKS =
      List.of("", "[".repeat(2000), "{\"a\":".repeat(600), "[", "]", "{", "}", "'", "\"", ",", ":",
      "\n", "\r\n", "\t", ";", "|", "#", "- ", "&a ", "*a", "!!int ", "\uFEFF", "\u2028", "\u00e9", "\ud83d\ude00");

  private final Random random;

  Mutator(long seed) {
    random = new Random(seed);
  }

  /** The file with one to three changes. */
  byte[] mutate(byte[] file) {
    byte[] mutant = file;
    for (int changes = Math.max(1, random.nextInt(6) - 2); changes > 0; changes--) {
      int kind = random.nextInt(10);
      mutant = kind < 7 ? replaced(mutant, VALUE, VALUES) : kind < 8 ? replaced(mutant, MARK, MARKS) : bytes(mutant);
    }
    return mutant;
  }

  /** Another text in one of the places: any, or what stands in another place. */
  private byte[] replaced(byte[] file, Pattern pattern, List<String> others) {
    String text = new String(file, StandardCharsets.UTF_8);
    List<MatchResult> places = pattern.matcher(text).results().toList();
    if (places.isEmpty()) {
      return bytes(file);
    }
    MatchResult place = places.get(random.nextInt(places.size()));
    String other = random.nextInt(3) == 0 ? places.get(random.nextInt(places.size())).group()
        : others.get(random.nextInt(others.size()));
    return (text.substring(0, place.start()) + other + text.substring(place.end())).getBytes(StandardCharsets.UTF_8);
  }

  private byte[] bytes(byte[] file) {
    if (file.length == 0) {
      return new byte[] {(byte) random.nextInt(256)};
    }
    int from = random.nextInt(file.length);
    int to = Math.min(file.length, from + 1 + random.nextInt(random.nextInt(4) == 0 ? 200 : 8));
    List<byte[]> parts = new ArrayList<>(List.of(Arrays.copyOf(file, from)));
    switch (random.nextInt(5)) {
      case 0 -> parts.add(Arrays.copyOfRange(file, to, file.length)); // lost
      case 1 -> { // twice
        parts.add(Arrays.copyOfRange(file, from, to));
        parts.add(Arrays.copyOfRange(file, from, file.length));
      }
      case 2 -> { // other bytes
        byte[] any = new byte[to - from];
        random.nextBytes(any);
        parts.add(any);
        parts.add(Arrays.copyOfRange(file, to, file.length));
      }
      case 3 -> { } // the end is missing
      default -> { // one bit
        byte[] rest = Arrays.copyOfRange(file, from, file.length);
        rest[0] ^= (byte) (1 << random.nextInt(8));
        parts.add(rest);
      }
    }
    byte[] mutant = new byte[parts.stream().mapToInt(part -> part.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, mutant, at, part.length);
      at += part.length;
    }
    return mutant;
  }
}
