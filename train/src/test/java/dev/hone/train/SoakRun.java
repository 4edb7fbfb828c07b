package dev.hone.train;

import dev.hone.lora.LoraConfig;
import dev.hone.train.checkpoint.Checkpoints;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.report.MetricsFile;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A program that takes many small steps, with evaluations and checkpoints, and prints per tenth of the run: heap after
 * collection, resident memory, open files, and the median time of a step. Arguments: steps (a multiple of 10), a directory, and
 * perhaps the directory of a model and a file of labelled rows; without them both are tiny.
 */
public final class SoakRun {
  private SoakRun() {}

  /** One tenth of a run: megabytes, files, microseconds. */
  public record Sample(int step, double heap, double resident, int files, double stepMicros) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "step %6d  heap %.1f MB  resident %.1f MB  open files %d  median step %.0f us", step,
          heap,
          resident, files, stepMicros);
    }
  }

  public static void main(String[] arguments) throws IOException {
    int steps = Integer.parseInt(arguments[0]);
    Path directory = Path.of(arguments[1]);
    (arguments.length == 2 ? run(steps, directory)
        : run(steps, directory, Path.of(arguments[2]), Path.of(arguments[3]), 16)).forEach(System.out::println);
  }

  /** Takes that many steps of a tiny model. */
  public static List<Sample> run(int steps, Path directory) throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    return run(steps, directory, model, Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(80)), 4);
  }

  private static List<Sample> run(int steps, Path directory, Path model, Path file, int batch) throws IOException {
    Dataset<Example.Labelled> data = Dataset.labelled(file, DataOptions.DETECT);
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(4, 8), 1);
    List<Sample> samples = new ArrayList<>();
    Path out = Files.createDirectories(directory.resolve("out"));
    try (MetricsFile metrics = new MetricsFile(out.resolve("metrics.jsonl"))) {
      tuning.setCheckpoints(new Checkpoints(out.resolve("checkpoints"), 2), false);
      tuning.addListener(metrics);
      tuning.addListener(new TrainListener() {
        private final List<Double> times = new ArrayList<>();
        private double before;

        @Override
        public void onStep(Step step) {
          times.add((step.seconds() - before) * 1e6);
          before = step.seconds();
          if (step.step() % (steps / 10) == 0) {
            times.sort(null);
            samples.add(sample(step.step(), times.get(times.size() / 2)));
            times.clear();
          }
        }
      });
      tuning.train(data, data.select(new int[] {0, 1, 2, 3}), TrainConfig.of(Map.of("max_steps", steps, "batch_size", batch,
          "learning_rate", 1e-4, "eval_steps", Math.max(1, steps / 50), "save_steps", Math.max(1, steps / 50))));
    }
    return samples;
  }

  private static Sample sample(int step, double micros) {
    System.gc();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    double heap = (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
    double resident = Double.NaN;
    int files = -1;
    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      files = (int) open.count();
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          resident = Double.parseDouble(line.replaceAll("\\D+", "")) / 1e3;
        }
      }
    } catch (IOException _) {
      // not Linux: heap and time are still shown
    }
    return new Sample(step, heap, resident, files, micros);
  }
}
