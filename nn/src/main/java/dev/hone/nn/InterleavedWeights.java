package dev.hone.nn;

import dev.hone.core.DType;
import dev.hone.core.Tensor;
import dev.hone.core.kernel.Kernels;
import dev.hone.core.parallel.Workers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Frozen weights in a second form beside their stored one, in which products of few rows read them faster: outputs interleaved,
 * so that a lane of a vector is an output. For models that answer, one text or some at a time.
 *
 * <p>It takes as much memory again as the weights of linear layers do, F32 on the heap and other types outside it, and the time
 * of reading and writing them once. A batch has the same bits with and without it. Text that is written token by token has, with
 * it, the bits of a batch: they no longer depend on how many texts are written together. Weights that are trained, or that
 * adapters were merged into, stay as they are.
 *
 * @param weights how many weights have the second form
 * @param left how many could have had it if there were more memory
 * @param bytes of memory that the second forms take
 */
public record InterleavedWeights(int weights, int left, long bytes) {
  /** The first and last of the tokens with which {@link #later} has weights laid out. */
  static final int FIRST = 3;
  static final int LAST = 18;

  private static final InterleavedWeights NONE = new InterleavedWeights(0, 0, 0);
  private static final double SHARE = 0.5; // of the memory that is free
  private static final Path[] LIMITS = {Path.of("/sys/fs/cgroup/memory.max"), Path.of("/sys/fs/cgroup/memory.current")};

  /**
   * Makes the second form of the linear layers of a model, as long as half of the free memory suffices; none of them with
   * {@code -Dhone.layout=stored}.
   */
  public static InterleavedWeights of(PretrainedModel model) {
    return wanted() ? of(model, freeHeap(), freeOutside(), false) : NONE;
  }

  /**
   * Makes the second form of the linear layers of a model, in their order, as long as there is memory.
   *
   * @param bytes the most that those on the heap may take, and as much again for those outside it
   */
  public static InterleavedWeights of(PretrainedModel model, long bytes) {
    return of(model, bytes, bytes, false);
  }

  /**
   * Has the second form made while the model writes, some weights with each of the tokens from {@value #FIRST} to {@value #LAST}:
   * the first word comes at once, and a short answer does without. Bits are those of {@link #of(PretrainedModel)} from the first
   * token on. For a program that may write no more than a few tokens.
   *
   * @return what will be, if that many tokens are written
   */
  public static InterleavedWeights later(PretrainedModel model) {
    return wanted() ? of(model, freeHeap(), freeOutside(), true) : NONE;
  }

  private static boolean wanted() {
    String layout = System.getProperty("hone.layout", "interleaved");
    return switch (layout) {
      case "interleaved" -> true;
      case "stored" -> false;
      default -> throw new IllegalArgumentException("-Dhone.layout=" + layout + ": known are interleaved, stored");
    };
  }

  private static InterleavedWeights of(PretrainedModel model, long heap, long outside, boolean later) {
    List<Linear> chosen = new ArrayList<>();
    long heapLeft = heap;
    long outsideLeft = outside;
    int left = 0;
    long taken = 0;
    for (Linear layer : linears(model)) {
      Tensor weight = layer.weight().value();
      long bytes = Kernels.of(weight).matmul().layoutBytes(weight, layer.isTransposed());
      boolean onHeap = weight.dtype() == DType.F32;
      if (bytes == 0) {
        continue;
      }
      if (bytes > (onHeap ? heapLeft : outsideLeft)) {
        left++;
        continue;
      }
      chosen.add(layer);
      taken += bytes;
      if (onHeap) {
        heapLeft -= bytes;
      } else {
        outsideLeft -= bytes;
      }
    }
    if (later) {
      for (int i = 0; i < chosen.size(); i++) {
        Tensor weight = chosen.get(i).weight().value();
        int reads = FIRST + i * (LAST + 1 - FIRST) / chosen.size();
        Kernels.of(weight).matmul().layOutLater(weight, chosen.get(i).isTransposed(), reads);
      }
    } else { // the largest first, so that threads end together
      List<Linear> order = chosen.stream().sorted(Comparator.comparingLong(layer -> -layer.weight().value().size())).toList();
      Workers.run(order.size(), i -> {
        Tensor weight = order.get(i).weight().value();
        Kernels.of(weight).matmul().layOut(weight, order.get(i).isTransposed());
      });
    }
    return new InterleavedWeights(chosen.size(), left, taken);
  }

  private static List<Linear> linears(PretrainedModel model) {
    List<Linear> layers = new ArrayList<>();
    model.visit(new LayerVisitor() {
      @Override
      protected void enter(String path, Layer layer) {
        if (layer instanceof Linear linear) {
          layers.add(linear);
        }
      }
    });
    return layers;
  }

  private static long freeHeap() {
    Runtime runtime = Runtime.getRuntime();
    return (long) (SHARE * (runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory())));
  }

  /** Half of what Linux says is available, within the limit of the container; elsewhere as much as the heap may have. */
  private static long freeOutside() {
    try {
      long free = Files.readAllLines(Path.of("/proc/meminfo")).stream().filter(line -> line.startsWith("MemAvailable:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10).findFirst().orElse(0);
      if (Files.isReadable(LIMITS[0]) && Files.isReadable(LIMITS[1]) && !Files.readString(LIMITS[0]).startsWith("max")) {
        free = Math.min(free, number(LIMITS[0]) - number(LIMITS[1]));
      }
      return (long) (SHARE * free);
    } catch (IOException | NumberFormatException _) {
      return Runtime.getRuntime().maxMemory();
    }
  }

  private static long number(Path file) throws IOException {
    return Long.parseLong(Files.readString(file).strip());
  }
}
