package dev.hone.train.checkpoint;

import dev.hone.train.TinyModel;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.report.EventRecordReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A program that kills {@code hone train} at random moments, lets it go on, and compares what comes out with a run that
 * nobody disturbed. Every second kill waits until a checkpoint is being written. Arguments: number of kills, seed, an empty
 * directory.
 */
public final class KillRun {
  private final Path directory;
  private final Random random;
  private int kills;
  private int insideWrites;
  private int completed;

  private KillRun(Path directory, long seed) {
    this.directory = directory;
    this.random = new Random(seed);
  }

  /**
   * What happened.
   *
   * @param kills how many
   * @param insideWrites how many of them left an unfinished checkpoint
   * @param completed how many runs came to their end and were compared
   * @param hash of the weights, the same each time
   */
  public record Report(int kills, int insideWrites, int completed, String hash) {}

  public static void main(String[] arguments) throws Exception {
    System.out.println(run(Path.of(arguments[2]), Integer.parseInt(arguments[0]), Long.parseLong(arguments[1])));
  }

  /** Kills so often; throws {@link AssertionError} if a run ends with other weights or metrics. */
  public static Report run(Path directory, int kills, long seed) throws Exception {
    KillRun run = new KillRun(directory, seed);
    TinyModel.write(directory.resolve("model"), 64, 64);
    Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(60));
    Path plain = directory.resolve("plain");
    long start = System.nanoTime();
    run.start(plain).waitFor();
    long millis = (System.nanoTime() - start) / 1_000_000;
    String hash = hash(plain);
    List<String> metrics = metrics(plain);
    while (run.kills < kills) {
      Path out = directory.resolve("out" + run.completed);
      while (!run.once(out, millis, run.kills < kills)) {
        // killed: the next start goes on
      }
      if (!hash.equals(hash(out))) {
        throw new AssertionError("after " + run.kills + " kills the weights differ: " + out);
      }
      if (!metrics.equals(metrics(out))) {
        throw new AssertionError("after " + run.kills + " kills the metrics differ: " + out.resolve("metrics.jsonl"));
      }
      run.completed++;
    }
    return new Report(run.kills, run.insideWrites, run.completed, hash);
  }

  /** Starts the run and kills it; returns whether it came to its end before that. */
  private boolean once(Path out, long millis, boolean kill) throws Exception {
    Process process = start(out);
    if (!kill) {
      return ended(process);
    }
    boolean write = kills % 2 == 1;
    if (process.waitFor((long) (millis * (0.1 + 0.9 * random.nextDouble()) * (write ? 0.6 : 1)), TimeUnit.MILLISECONDS)) {
      return ended(process);
    }
    while (write && process.isAlive() && !unfinished(out)) {
      Thread.onSpinWait();
    }
    if (!process.isAlive()) {
      return ended(process);
    }
    process.destroyForcibly().waitFor();
    kills++;
    insideWrites += unfinished(out) ? 1 : 0;
    return false;
  }

  private static boolean ended(Process process) throws InterruptedException {
    if (process.waitFor() != 0) {
      throw new AssertionError("hone train ended with exit code " + process.exitValue() + "; its output is beside the runs");
    }
    return true;
  }

  /** With a checkpoint after every step, most of the time goes into writing them. */
  private Process start(Path out) throws IOException {
    return ChildJvm.hone("train", "--model", directory.resolve("model"), "--data", directory.resolve("reviews.csv"),
        "--output-dir", out, "--method", "full", "--batch-size", 6, "--num-train-epochs", 2, "--learning-rate", "0.002",
        "--save-steps", 1, "--eval-steps", 4, "--optim", "adamw", "--ema-decay", "0.95", "--seed", 3, "--resume")
        .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(directory.resolve("output.txt").toFile()))
        .start();
  }

  private static boolean unfinished(Path out) throws IOException {
    Path checkpoints = out.resolve("checkpoints");
    if (!Files.isDirectory(checkpoints)) {
      return false;
    }
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files.anyMatch(file -> file.toString().endsWith(".tmp"));
    }
  }

  private static String hash(Path out) throws Exception {
    byte[] bytes = Files.readAllBytes(out.resolve("model/model.safetensors"));
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  /** The points of all event files, without times. */
  private static List<String> events(Path out) throws IOException {
    List<String> points = new ArrayList<>();
    try (Stream<Path> files = Files.list(out.resolve("runs"))) {
      for (Path file : files.sorted().toList()) {
        for (EventRecordReader.Point point : EventRecordReader.read(file)) {
          if (point.tag().contains("/") && !point.tag().endsWith("tokens_per_second")) {
            points.add(point.toString());
          }
        }
      }
    }
    return points;
  }

  /** Lines and points without times. */
  private static List<String> metrics(Path out) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(out.resolve("metrics.jsonl"))) {
      ObjectNode tree = (ObjectNode) JsonMapper.builder().build().readTree(line);
      tree.remove(List.of("seconds", "tokens_per_second"));
      lines.add(tree.toString().toLowerCase(Locale.ROOT));
    }
    lines.addAll(events(out));
    return lines;
  }
}
