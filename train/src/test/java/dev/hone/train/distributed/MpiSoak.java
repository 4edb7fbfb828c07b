package dev.hone.train.distributed;

import dev.hone.train.TrainListener;
import dev.hone.train.config.Arguments;
import dev.hone.train.run.TrainFlags;
import dev.hone.train.run.TrainingRun;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A long run in the processes that a launcher started, beside a thread that makes garbage: what each takes, step by step. */
final class MpiSoak {
  private static volatile Object garbage;

  private MpiSoak() {}

  /** Takes the directory of models and rows, that of results, steps, and how many collections there are to be. */
  public static void main(String[] args) throws Exception {
    int steps = Integer.parseInt(args[2]);
    long collections = Long.parseLong(args[3]);
    Thread.ofPlatform().daemon().start(() -> {
      while (true) {
        garbage = new byte[100_000];
      }
    });
    try (Ranks ranks = MpiRanks.connect(_ -> { })) {
      TrainingRun run = TrainingRun.of(Arguments.of("train", TrainFlags.all(), "settings", Map.of("model",
          Path.of(args[0], "classifier"), "data", Path.of(args[0], "rows.csv"), "output_dir", Path.of(args[1]),
          "max_steps", steps, "batch_size", 4, "step_blocks", 2, "learning_rate", 0.001, "report_to", "none", "save_steps",
          steps / 10)), ranks, _ -> { });
      run.train(List.of(new TrainListener() {
        @Override
        public void onStep(Step step) {
          if (step.step() % (steps / 10) == 0) {
            System.out.println(ranks.rank() + " " + step.step() + " " + resident() + " " + handles() + " " + collections());
          }
        }
      }));
      double[] counts;
      do { // until there were enough: bytes go back and forth all the while
        counts = ranks.gather(collections());
      } while (Math.min(counts[0], counts[1]) < collections);
      System.out.println(ranks.rank() + " " + steps + " " + resident() + " " + handles() + " " + collections());
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  /** Bytes. */
  private static long resident() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmRSS"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024).findFirst().orElse(0);
    } catch (IOException e) {
      return 0;
    }
  }

  private static long handles() {
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    } catch (IOException e) {
      return 0;
    }
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
  }
}
