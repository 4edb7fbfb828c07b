package dev.hone.bench;

import dev.hone.core.random.Philox;
import dev.hone.train.inspect.Check;
import dev.hone.train.inspect.DataInspector;
import dev.hone.train.inspect.InspectSettings;
import dev.hone.train.inspect.Inspection;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How fast data is inspected, and in how much memory: {@code InspectBench ROWS [FILE]} makes labelled rows of about 100
 * characters, one in a hundred an exact copy of an earlier row and one in a hundred a copy with a word exchanged, and inspects
 * them. With a
 * file, writes that and inspects nothing, so that {@code hone inspect} can be timed from outside.
 */
public final class InspectBench {
  private static final int WORDS = 20_000;
  private static final int LENGTH = 100;

  private final Philox random;
  private final List<String> words = new ArrayList<>();
  private long draws;

  private InspectBench(long seed) {
    random = new Philox(seed, 1);
    for (int w = 0; w < WORDS; w++) {
      StringBuilder word = new StringBuilder();
      for (int c = 2 + below(8); c > 0; c--) {
        word.append((char) ('a' + below(26)));
      }
      words.add(word.toString());
    }
  }

  private int below(int bound) {
    return random.below(draws++, bound);
  }

  /** A word; the first ones are drawn more often, as in languages. */
  private String word() {
    double u = (below(1 << 20) + 0.5) / (1 << 20);
    return words.get((int) Math.min(WORDS - 1, Math.exp(u * Math.log(WORDS)) - 1));
  }

  private String row() {
    StringBuilder row = new StringBuilder(word());
    while (row.length() < LENGTH - 5) {
      row.append(' ').append(word());
    }
    return row.toString();
  }

  private void write(Path file, int rows) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("text,label\n");
      String earlier = row();
      for (int r = 0; r < rows; r++) {
        String row = switch (r % 100) {
          case 50 -> earlier;
          case 99 -> earlier.substring(0, earlier.lastIndexOf(' ') + 1) + word();
          default -> row();
        };
        if (r % 100 == 10) {
          earlier = row;
        }
        out.write(row + "," + (r % 100 == 50 || r % 100 == 99 ? 0 : below(2) * (r % 100 == 10 ? 0 : 1)) + "\n");
      }
    }
  }

  /** Runs it. */
  public static void main(String[] arguments) throws IOException {
    int rows = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
    Path file = arguments.length > 1 ? Path.of(arguments[1]) : Files.createTempFile("inspect", ".csv");
    new InspectBench(42).write(file, rows);
    if (arguments.length > 1) {
      return;
    }
    try {
      long start = System.nanoTime();
      Inspection found = DataInspector.inspect(InspectSettings.of(file));
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(Locale.ROOT, "%,d rows in %.1f s, %,.0f rows/s, %s; %d exact and %d near copies found%n", rows, seconds,
          rows / seconds, peak(), found.finding(Check.DUPLICATES).rows(), found.finding(Check.NEAR_DUPLICATES).rows());
    } finally {
      Files.delete(file);
    }
  }

  private static String peak() throws IOException {
    Path status = Path.of("/proc/self/status");
    return !Files.exists(status) ? "peak memory unknown"
        : Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM")).findFirst().orElse("").replaceAll("\\s+",
            " ");
  }
}
