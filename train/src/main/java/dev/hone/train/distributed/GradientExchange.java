package dev.hone.train.distributed;

import dev.hone.autograd.Parameter;
import dev.hone.train.distributed.BlockTree.Node;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sums gradients over processes in the order of the {@linkplain BlockTree tree}. Of every bucket of numbers each process owns a
 * slice: it gets the sums of all others' subtrees there, adds them in the order of the tree, and gives the result to all. It
 * sends 2 (P - 1) / P of the gradient's size if its blocks are one subtree.
 *
 * <p>Implementation note: a bucket goes on its way as soon as its gradients are whole, while the pass goes back through what is
 * left of the model. All processes give the same buckets in the same order: after the first step in that in which gradients
 * became whole there in rank 0, in which the tensors of the last layers are first. One thread carries one bucket after the other,
 * and no more than a few wait, so that little memory is taken. What a bucket has in it, or when it goes, changes no sum.
 */
public final class GradientExchange {
  /** Bytes of a bucket: enough to fill a link, few beside the gradients. */
  static final int BUCKET_BYTES = 25 << 20;

  /** Small gradients make so many buckets, as only what is in the last one must wait for the end of the pass. */
  private static final int BUCKETS = 16;
  private static final int SMALLEST = 4096; // numbers of a bucket: below, time goes into messages
  private static final int AHEAD = 4; // buckets on their way

  private final Ranks ranks;
  private final List<Parameter> parameters;
  private final int numbers; // of a bucket
  private final Map<Parameter, Integer> indices = new IdentityHashMap<>();
  private final List<List<Node>> nodes = new ArrayList<>(); // by rank
  private final ThreadPoolExecutor carrier;
  private final Deque<Bucket> free = new ArrayDeque<>();
  private BucketPlan plan;
  private boolean known; // the order in which gradients become whole

  // a step
  private final Deque<Future<Bucket>> flying = new ArrayDeque<>();
  private BlockSums own;
  private boolean[] whole; // by parameter
  private int places; // of the order, whose parameters are whole
  private int given; // buckets
  private final List<Integer> order = new ArrayList<>(); // of parameters that became whole in the pass

  private volatile boolean passing; // a pass is under way
  private volatile long bytesSent;
  private volatile long bytesEarly;

  /**
   * For these parameters.
   *
   * @param parameters in the same order everywhere
   * @param blocks of a step, at least as many as processes
   */
  public GradientExchange(Ranks ranks, List<Parameter> parameters, int blocks) {
    this(ranks, parameters, blocks, SMALLEST);
  }

  GradientExchange(Ranks ranks, List<Parameter> parameters, int blocks, int smallest) {
    this.ranks = ranks;
    this.parameters = parameters;
    long all = parameters.stream().mapToLong(parameter -> parameter.value().size()).sum();
    numbers = bucket(all, smallest);
    for (int i = 0; i < parameters.size(); i++) {
      indices.put(parameters.get(i), i);
    }
    for (int r = 0; r < ranks.size(); r++) {
      nodes.add(BlockTree.nodes(BlockTree.begin(blocks, r, ranks.size()), BlockTree.begin(blocks, r + 1, ranks.size())));
    }
    int last = parameters.size() - 1;
    plan = plan(IntStream.rangeClosed(0, last).map(i -> last - i).toArray()); // what comes first in a model is whole last
    carrier = new ThreadPoolExecutor(1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
        task -> Thread.ofPlatform().daemon().name("hone-gradients").unstarted(task));
    carrier.allowCoreThreadTimeOut(true);
  }

  private static int bucket(long all, int smallest) {
    return Math.clamp(Math.ceilDiv(all, BUCKETS), smallest, BUCKET_BYTES / Float.BYTES);
  }

  /** Bytes that buckets take off the heap in each of so many processes. */
  public static long memory(long all, int blocks, int processes) {
    long most = 0; // subtrees of a process
    long sum = 0;
    for (int r = 0; r < processes; r++) {
      int of = BlockTree.nodes(BlockTree.begin(blocks, r, processes), BlockTree.begin(blocks, r + 1, processes)).size();
      most = Math.max(most, of);
      sum += of;
    }
    return AHEAD * (most + sum / processes + 1) * bucket(all, SMALLEST) * Float.BYTES; // out, in, sums
  }

  private BucketPlan plan(int[] by) {
    return new BucketPlan(parameters, by, numbers, ranks.size());
  }

  /** Bytes of gradients that this process has given to others in the latest step. */
  public long bytesSent() {
    return bytesSent;
  }

  /** Those of them that it gave before a pass had ended. */
  public long bytesEarly() {
    return bytesEarly;
  }

  /** Sums what waits here and in the other processes: the parameters of all have the gradients of all blocks then. */
  public void sum(BlockSums waiting) {
    start(waiting);
    finish();
  }

  /**
   * Begins the last block of this process. Its last pass back may tell of {@link #whole whole} gradients; until {@link #finish}
   * nobody else may call the processes.
   */
  public void begin(BlockSums sums, int block) {
    sums.last(block);
    start(sums);
    passing = true;
  }

  private void start(BlockSums sums) {
    own = sums;
    whole = new boolean[parameters.size()];
    places = 0;
    given = 0;
    bytesSent = 0;
    bytesEarly = 0;
    order.clear();
  }

  /** Takes a gradient to which nothing more is added in this process. */
  public void whole(Parameter parameter) {
    Integer index = indices.get(parameter);
    if (index != null) {
      own.join(index);
      whole[index] = true;
      order.add(index);
      give();
    }
  }

  /** Ends the step: the parameters of all processes have the gradients of all blocks then. */
  public void finish() {
    boolean passed = passing;
    passing = false;
    for (int i = 0; i < whole.length; i++) {
      if (!whole[i] && passed) {
        own.join(i);
      }
      whole[i] = true;
    }
    give();
    while (!flying.isEmpty()) {
      take();
      give();
    }
    own.clear();
    if (passed && !known) {
      learnOrder();
    }
  }

  /** Gives up on a step that has failed here: the processes are no longer in step afterwards. */
  public void abandon() {
    passing = false;
    carrier.getQueue().clear();
    flying.clear();
  }

  /** Gives what is ready, if not too much is on its way. */
  private void give() {
    while (!flying.isEmpty() && flying.getFirst().isDone()) {
      take();
    }
    while (places < plan.parameters() && whole[plan.parameter(places)]) {
      places++;
    }
    int ready = plan.complete(places);
    while (given < ready && flying.size() < AHEAD) {
      Bucket bucket = free.isEmpty() ? new Bucket(ranks, nodes) : free.pop();
      bucket.fill(plan, given++, own);
      flying.add(carrier.submit(() -> bucket.carry(this::count), bucket));
    }
  }

  /** Of the carrying thread alone. */
  private void count(long bytes) {
    bytesSent += bytes;
    bytesEarly += passing ? bytes : 0;
  }

  private void take() {
    Bucket bucket = Waiting.of(flying.getFirst());
    flying.removeFirst();
    bucket.empty(parameters);
    free.push(bucket);
  }

  /** All give buckets as they became ready in rank 0; what no pass reached comes last. */
  private void learnOrder() {
    String seen = ranks.broadcast(order.stream().map(String::valueOf).collect(Collectors.joining(" ")));
    if (!seen.isEmpty()) {
      known = true;
      IntStream first = Arrays.stream(seen.split(" ")).mapToInt(Integer::parseInt);
      plan = plan(IntStream.concat(first, IntStream.range(0, parameters.size())).distinct().toArray());
    }
  }
}
