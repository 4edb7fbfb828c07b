package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.core.HostArray;
import dev.hone.core.Shape;
import dev.hone.core.Tensor;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * An optimiser shared out over processes: each moves the numbers that it owns, keeps the states of these alone, and gives the
 * moved numbers to all. Parameters are cut by rows where the rule looks at one number at a time ({@code adamw}), and stay whole
 * where it looks at all of them ({@code muon}). The bits are those of one {@link Optimizer}, whose state, taken together, is the
 * same, too, so that any number of processes goes on from it.
 */
public final class OptimizerShards {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  /** Cuts are at multiples: kernels take as many numbers at once, and the last few of a tensor in another way. */
  private static final int LANES = 64;

  /** Rows {@code from} to {@code to} of parameter {@code index}, which one process owns. */
  record Piece(int index, int from, int to) {}

  private final Ranks ranks;
  private final List<Parameter> parameters;
  private final List<List<Piece>> pieces; // by rank
  private final Optimizer own;
  private final Map<Parameter, Piece> owned = new LinkedHashMap<>(); // by the parameter that the own optimiser knows
  private final Arena arena = Arena.ofAuto();
  private MemorySegment[] buffers = {}; // by rank: numbers on their way

  /** Shares out these parameters, given in the same order everywhere. */
  public OptimizerShards(Ranks ranks, List<Parameter> parameters, Function<Parameter, ParameterGroup> grouping) {
    this.ranks = ranks;
    this.parameters = parameters;
    pieces = pieces(parameters, grouping, ranks.size());
    for (Piece piece : pieces.get(ranks.rank())) {
      Parameter whole = parameters.get(piece.index);
      owned.put(new Parameter(whole.name(), part(whole.value(), piece), true), piece); // numbers of the whole, not a copy
    }
    own = new Optimizer(owned.keySet(), grouping);
  }

  /** The largest share of all numbers that one of so many processes owns. */
  public static double largest(List<Parameter> parameters, Function<Parameter, ParameterGroup> grouping, int processes) {
    long all = parameters.stream().mapToLong(parameter -> parameter.value().size()).sum();
    return pieces(parameters, grouping, processes).stream()
        .mapToLong(share -> share.stream().mapToLong(piece -> numbers(parameters, piece)).sum()).max().orElse(0) / (double) all;
  }

  /** What each process owns. Process r's share ends where r + 1 shares of all numbers do, or at the row or parameter there. */
  static List<List<Piece>> pieces(List<Parameter> parameters, Function<Parameter, ParameterGroup> grouping, int processes) {
    long all = parameters.stream().mapToLong(parameter -> parameter.value().size()).sum();
    List<List<Piece>> shares = new ArrayList<>();
    for (int r = 0; r < processes; r++) {
      shares.add(new ArrayList<>());
    }
    long start = 0;
    for (int i = 0; i < parameters.size(); i++) {
      Shape shape = parameters.get(i).shape();
      boolean cut = shape.rank() > 0 && grouping.apply(parameters.get(i)).rule().elementwise();
      int rows = cut ? shape.dim(0) : 1;
      long width = shape.size() / Math.max(1, rows);
      int together = LANES / (int) Math.min(LANES, Long.lowestOneBit(Math.max(1, width))); // rows
      int from = 0;
      for (int r = 0; r < processes && from < rows; r++) {
        long end = all * (r + 1) / processes; // the number before which the share ends; what is whole goes where its middle is
        long middle = (end - start + width / 2) / Math.max(1, width);
        int to = r == processes - 1 || middle >= rows ? rows
            : (int) Math.max(from, cut ? middle / together * together : 0);
        if (to > from) {
          shares.get(r).add(cut ? new Piece(i, from, to) : new Piece(i, 0, -1));
          from = to;
        }
      }
      start += shape.size();
    }
    return shares;
  }

  private static Tensor part(Tensor whole, Piece piece) {
    return piece.to < 0 ? whole : whole.slice(piece.from, piece.to);
  }

  private static long numbers(List<Parameter> parameters, Piece piece) {
    return part(parameters.get(piece.index).value(), piece).size();
  }

  /** Moves what this process owns, and gets from the others what they own: see {@link Optimizer#step(double, float)}. */
  public void step(double learningRate, float gradientScale) {
    own.step(learningRate, gradientScale, part -> {
      Piece piece = owned.get(part);
      Tensor gradient = parameters.get(piece.index).gradient();
      return gradient == null ? null : part(gradient, piece);
    });
    int size = ranks.size();
    long[] totals = new long[size];
    for (int r = 0; r < size; r++) {
      totals[r] = pieces.get(r).stream().mapToLong(piece -> numbers(parameters, piece)).sum();
    }
    int bucket = GradientExchange.BUCKET_BYTES / Float.BYTES;
    long longest = Arrays.stream(totals).max().orElse(0);
    if (buffers.length == 0) {
      buffers = new MemorySegment[size];
      for (int r = 0; r < size; r++) {
        buffers[r] = arena.allocate(Math.max(1, Math.min(bucket, totals[r])) * Float.BYTES, 64);
      }
    }
    for (long from = 0; from < longest; from += bucket) {
      MemorySegment[] sent = new MemorySegment[size];
      MemorySegment[] received = new MemorySegment[size];
      for (int r = 0; r < size; r++) {
        received[r] = buffers[r].asSlice(0, Math.clamp(totals[r] - from, 0, bucket) * Float.BYTES);
      }
      MemorySegment mine = received[ranks.rank()];
      copy(ranks.rank(), from, mine, true);
      Arrays.fill(sent, mine);
      ranks.exchange(sent, received);
      for (int r = 0; r < size; r++) {
        if (r != ranks.rank()) {
          copy(r, from, received[r], false);
        }
      }
    }
  }

  /** Copies numbers from {@code from} on of what a process owns to a buffer, or from it. */
  private void copy(int rank, long from, MemorySegment buffer, boolean out) {
    long length = buffer.byteSize() / Float.BYTES;
    long start = 0;
    for (Piece piece : pieces.get(rank)) {
      Tensor part = part(parameters.get(piece.index).value(), piece);
      long first = Math.max(from, start);
      long end = Math.min(from + length, start + part.size());
      if (first < end) {
        try (HostArray numbers = part.onHost(out ? HostArray.Access.READ : HostArray.Access.READ_WRITE)) {
          int at = numbers.offset() + (int) (first - start);
          long place = (first - from) * Float.BYTES;
          if (out) {
            MemorySegment.copy(numbers.array(), at, buffer, ValueLayout.JAVA_FLOAT, place, (int) (end - first));
          } else {
            MemorySegment.copy(buffer, ValueLayout.JAVA_FLOAT, place, numbers.array(), at, (int) (end - first));
          }
        }
      }
      start += part.size();
    }
  }

  /** Bytes of the states that this process keeps. */
  public long bytes() {
    return own.state().tensors().values().stream().mapToLong(Tensor::bytes).sum();
  }

  /**
   * What all processes remember, as one {@link Optimizer} would: for rank 0, the others get nothing. All call it.
   */
  public Optimizer.State gather() {
    Optimizer.State mine = own.state();
    ObjectNode about = JSON.createObjectNode();
    ObjectNode steps = about.putObject("steps");
    mine.steps().forEach(steps::put);
    ArrayNode tensors = about.putArray("tensors");
    owned.forEach((part, piece) -> mine.tensors().forEach((name, tensor) -> {
      if (name.substring(0, name.lastIndexOf('/')).equals(part.name())) {
        TensorTransfer.describe(tensor, tensors.addObject().put("name", name).put("index", piece.index).put("from", piece.from)
            .put("to", piece.to));
      }
    }));
    Map<String, Tensor> together = new TreeMap<>();
    Map<String, Long> counts = new TreeMap<>();
    List<String> texts = ranks.gather(JSON.writeValueAsString(about));
    for (int r = 0; r < ranks.size(); r++) {
      JsonNode of = JSON.readTree(texts.get(r));
      of.path("steps").properties().forEach(step -> counts.put(step.getKey(), step.getValue().asLong()));
      for (JsonNode entry : of.path("tensors")) {
        String name = entry.path("name").asString();
        Tensor part = TensorTransfer.toFirst(ranks, r, mine.tensors(), name, entry);
        if (!ranks.leads()) {
          continue;
        }
        int to = entry.path("to").asInt();
        if (to < 0) {
          together.put(name, part);
        } else {
          Shape whole = parameters.get(entry.path("index").asInt()).shape();
          together.computeIfAbsent(name, _ -> Tensor.of(new float[whole.length()], whole.toArray()))
              .slice(entry.path("from").asInt(), to).copyFrom(part);
        }
      }
    }
    return new Optimizer.State(together, counts);
  }

  /** Takes up this process's share of what one {@link Optimizer} for all parameters remembers. */
  public void restore(Optimizer.State saved) {
    Map<String, Tensor> tensors = new TreeMap<>();
    owned.forEach((part, piece) -> saved.tensors().forEach((name, tensor) -> {
      if (name.substring(0, name.lastIndexOf('/')).equals(part.name())) {
        tensors.put(name, part(tensor, piece));
      }
    }));
    own.restore(new Optimizer.State(tensors, saved.steps()));
  }
}
