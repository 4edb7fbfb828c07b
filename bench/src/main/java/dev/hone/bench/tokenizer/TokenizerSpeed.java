package dev.hone.bench.tokenizer;

import dev.hone.tokenizer.EncodeOptions;
import dev.hone.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Encoding speed in MB/s (1 MB = 1e6 bytes of UTF-8), measured as the script that measures the reference
 * does: the whole text in one call, documents of about 4 kB one after the other, and a batch of them on
 * several threads; warmed up, then the best of five.
 *
 * <p>Arguments: a text file, then one {@code tokenizer.json} or more; {@code -Dthreads=2}.
 */
public final class TokenizerSpeed {
  private static final int DOCUMENT = 4000;
  private static final int RUNS = 5;
  private static final long WARM_UP_NANOS = 3_000_000_000L;

  private TokenizerSpeed() {}

  /** Prints one line of a table for each tokenizer. */
  public static void main(String[] args) throws IOException {
    String text = Files.readString(Path.of(args[0]));
    double megabytes = text.getBytes(StandardCharsets.UTF_8).length / 1e6;
    List<String> documents = documents(text);
    int threads = Integer.getInteger("threads", 2);
    System.out.printf("| tokenizer | whole, 1 thread | docs, 1 thread | batch, %d threads |%n|---|---|---|---|%n", threads);
    for (int i = 1; i < args.length; i++) {
      Tokenizer tokenizer = Tokenizer.load(Path.of(args[i]));
      double whole = best(() -> tokenizer.encode(text));
      double docs = best(() -> documents.forEach(tokenizer::encode));
      double batch = best(() -> tokenizer.encodeAll(documents, EncodeOptions.DEFAULT, threads));
      System.out.printf(Locale.ROOT, "| %s | %.2f | %.2f | %.2f |%n", args[i], megabytes / whole, megabytes / docs,
          megabytes / batch);
    }
  }

  private static List<String> documents(String text) {
    List<String> out = new ArrayList<>();
    for (int start = 0; start < text.length(); ) {
      int cut = text.indexOf('\n', Math.min(text.length(), start + DOCUMENT));
      int end = cut < 0 ? text.length() : cut + 1;
      out.add(text.substring(start, end));
      start = end;
    }
    return out;
  }

  private static double best(Runnable work) {
    long warm = System.nanoTime();
    do {
      work.run();
    } while (System.nanoTime() - warm < WARM_UP_NANOS);
    long best = Long.MAX_VALUE;
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      work.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    return best / 1e9;
  }
}
