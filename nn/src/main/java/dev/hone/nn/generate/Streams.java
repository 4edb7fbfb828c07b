package dev.hone.nn.generate;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Turn;
import dev.hone.core.parallel.Workers;
import dev.hone.nn.CausalHead;
import dev.hone.nn.KvCache;
import dev.hone.nn.KvPages;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderConfig;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Many texts at once on one thread: they join and leave between tokens, and all that are being written take each step together.
 *
 * {@snippet :
 * try (Streams streams = new Streams(model, 16, 65536)) {
 *   Stream stream = streams.submit(new StreamRequest(model, -1, ids, settings, 0, StreamRequest.Choice.PLAIN), listener);
 * }
 * }
 *
 * <p>A text has the tokens that it has alone, whatever company it has: they depend on its prompt, its settings and its seed. A
 * long
 * prompt is read in pieces between the steps of the others, which so never wait for all of it.
 */
public final class Streams implements AutoCloseable {
  /** Prompts are cut at multiples of this, which is one of the runs of queries in attention: cuts change no bits. */
  static final int PIECE = 256;
  private static final int STEP_TOKENS = 2 * PIECE; // of prompts in one pass
  private static final int STEP_ROWS = 16; // of texts that write, with guesses: more cost more than they can save

  private final PretrainedModel base;
  private final int places;
  private final KvPages pages;
  private final SharedPrefixes prefixes;
  private final int room; // in pages
  private final boolean sharing;
  private final Drafting drafting;
  private final Thread thread;
  private final Deque<Stream> waiting = new ArrayDeque<>(); // guarded by itself, as is closed
  private boolean closed;
  private final List<Stream> active = new ArrayList<>(); // the thread's own
  private volatile int running;
  private volatile int held;

  /**
   * A place for texts that are to come.
   *
   * @param base loaded for {@link dev.hone.nn.Task#CAUSAL_LM}; texts go through it, or through twins of it with adapters
   * @param places the most texts that are written at the same time, at least 1
   * @param room the most tokens whose keys and values are held, of texts that are being written and of beginnings to share;
   *     memory is
   *     taken when it is needed
   */
  public Streams(PretrainedModel base, int places, int room) {
    this(base, places, room, Drafting.NONE);
  }

  /**
   * A place for texts that are to come, with guesses of their next tokens, which change none. Fewer are guessed the more texts
   * are being written, none from nine on.
   */
  public Streams(PretrainedModel base, int places, int room, Drafting drafting) {
    if (places < 1 || room < KvPages.SIZE) {
      throw new IllegalArgumentException("Streams: " + places + " texts of " + room
          + " tokens; there must be room for at least one "
          + "of " + KvPages.SIZE);
    }
    if (!(base.head() instanceof CausalHead)) {
      throw new IllegalArgumentException("Streams: the model was loaded for " + base.task() + ", not for " + Task.CAUSAL_LM);
    }
    this.base = base;
    this.places = places;
    this.room = room / KvPages.SIZE;
    this.pages = new KvPages(base.config().layers(), 1, this.room);
    this.prefixes = new SharedPrefixes(pages);
    this.sharing = isCut(base);
    this.drafting = drafting;
    this.thread = Thread.ofPlatform().daemon().name("hone-streams").start(this::run);
  }

  /** Whether prompts may be read in pieces: not if a long one turns all of its tokens another way than a short one. */
  private static boolean isCut(PretrainedModel model) {
    return ((DecoderConfig) model.config()).reach() == Integer.MAX_VALUE;
  }

  /**
   * Begins a text as soon as there is a place for it, in the order in which they came.
   *
   * @throws IllegalArgumentException if the prompt is empty, too long for the model or for the room there is, or has ids that the
   *     model does not know
   * @throws IllegalStateException after {@link #close}
   */
  public Stream submit(StreamRequest request, StreamListener listener) {
    check(request);
    Stream stream = new Stream(request, listener, drafting.begin());
    if (KvPages.needed(stream.extent() + stream.virtualTokens()) > room) {
      throw new IllegalArgumentException("streams: a text of up to " + stream.extent() + " tokens, there is room for " + room());
    }
    synchronized (waiting) {
      if (closed) {
        throw new IllegalStateException("streams: closed");
      }
      waiting.add(stream);
      waiting.notifyAll();
    }
    return stream;
  }

  private void check(StreamRequest request) {
    if (request.model().config() != base.config() || request.model().task() != base.task()) {
      throw new IllegalArgumentException("streams: the model is no twin of the one that these streams are for");
    }
    int context = request.model().maxLength();
    int[] prompt = request.prompt();
    if (prompt.length == 0 || prompt.length >= context) {
      throw new IllegalArgumentException("streams: a prompt of " + prompt.length + " tokens; the model takes from 1 to "
          + (context - 1));
    }
    int vocabulary = request.model().config().vocabSize();
    for (int token : prompt) {
      if (token < 0 || token >= vocabulary) {
        throw new IllegalArgumentException("streams: the prompt has token " + token + ", the model's vocabulary has "
            + vocabulary);
      }
    }
    for (int token : request.choice().bias().keySet()) {
      if (token < 0 || token >= vocabulary) {
        throw new IllegalArgumentException("streams: a bias for token " + token + ", the model's vocabulary has " + vocabulary);
      }
    }
  }

  /** Texts that are being written now. */
  public int running() {
    return running;
  }

  /** Texts that wait for a place. */
  public int waiting() {
    synchronized (waiting) {
      return waiting.size();
    }
  }

  /** Tokens that there is room for. */
  public int room() {
    return room * KvPages.SIZE;
  }

  /** Tokens whose keys and values are held, of texts that are being written and of beginnings to share. */
  public int held() {
    return held;
  }

  /** Gives up what is not finished and ends the thread. */
  @Override
  public void close() {
    synchronized (waiting) {
      closed = true;
      waiting.notifyAll();
    }
    boolean interrupted = false;
    while (thread != Thread.currentThread()) {
      try {
        thread.join();
        break;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try (GradMode _ = GradMode.generating()) {
      while (admit()) {
        step();
      }
    }
    List<Stream> left = new ArrayList<>(active);
    synchronized (waiting) {
      left.addAll(waiting);
      waiting.clear();
    }
    active.clear();
    left.forEach(stream -> quietly(() -> stream.end(StopReason.INTERRUPTED)));
    prefixes.clear();
    count();
  }

  /** Lets texts leave that were given up and begins others; waits if there is none at all. False if this is closed. */
  private boolean admit() {
    List<Stream> gone = new ArrayList<>();
    synchronized (waiting) {
      while (!closed && waiting.isEmpty() && active.isEmpty()) {
        try {
          waiting.wait();
        } catch (InterruptedException _) {
          // nobody else has this thread: only close ends it
        }
      }
      if (closed) {
        return false;
      }
      for (Iterator<Stream> all = waiting.iterator(); all.hasNext();) {
        Stream stream = all.next();
        if (stream.isCancelled()) {
          all.remove();
          gone.add(stream);
        }
      }
      active.stream().filter(Stream::isCancelled).forEach(gone::add);
      active.removeAll(gone);
      while (active.size() < places && !waiting.isEmpty() && begin(waiting.getFirst())) {
        active.add(waiting.removeFirst());
      }
    }
    count();
    gone.forEach(stream -> quietly(() -> stream.end(StopReason.INTERRUPTED)));
    return true;
  }

  /** Begins a text if there are pages for all that it may come to. */
  private boolean begin(Stream stream) {
    int[] beginning = isShared(stream) ? prefixes.find(stream.request()) : new int[0];
    if (isShared(stream) && isBeingRead(stream, beginning.length * KvPages.SIZE)) {
      return false; // another computes what this one can share
    }
    stream.begin(KvCache.beginning(pages, beginning), beginning.length * KvPages.SIZE); // before others lose their pages
    int wanted = stream.pagesToCome() + active.stream().mapToInt(Stream::pagesToCome).sum();
    prefixes.makeRoom(wanted);
    if (pages.left() < wanted) {
      stream.cache().keep(new int[0]);
      return false;
    }
    return true;
  }

  /** Whether a text that is still reading its prompt is going to have more of this prompt than there is. */
  private boolean isBeingRead(Stream stream, int there) {
    StreamRequest request = stream.request();
    return active.stream().anyMatch(other -> other.isReading() && isShared(other) && other.request().model() == request.model()
        && other.request().route() == request.route() && SharedPrefixes.common(other.request().prompt(),
        request.prompt()) > there);
  }

  private boolean isShared(Stream stream) {
    return sharing && stream.request().model().inputAdapter() == null;
  }

  private void count() {
    running = active.size();
    held = pages.used() * KvPages.SIZE;
  }

  /** One pass per model: the next token of all that are being written, and a piece of some prompts. */
  private void step() {
    Map<PretrainedModel, List<Stream>> groups = new IdentityHashMap<>();
    List<PretrainedModel> order = new ArrayList<>();
    for (Stream stream : active) {
      groups.computeIfAbsent(stream.request().model(), model -> {
        order.add(model);
        return new ArrayList<>();
      }).add(stream);
    }
    for (PretrainedModel model : order) {
      List<Part> parts = parts(groups.get(model), model.inputAdapter() != null || !sharing);
      try {
        pass(model, parts);
      } catch (Throwable e) {
        parts.stream().filter(part -> !part.stream.isOver()).forEach(part -> quietly(() -> part.stream.fail(e)));
      }
    }
    active.removeIf(Stream::isOver);
    count();
  }

  /**
   * What a stream has in a pass: its tokens from one to another, and guesses of those after them, each by itself;
   * {@code last} if a new token comes of it.
   */
  private record Part(Stream stream, int from, int to, boolean last, int[] draft) {
    Part(Stream stream, int from, int to, boolean last) {
      this(stream, from, to, last, new int[0]);
    }

    /** Sequences of the batch. */
    int runs() {
      return 1 + draft.length;
    }
  }

  /**
   * All that write, and prompts in their order up to a bound; or one whole prompt alone, if what is put before it must not meet
   * others.
   */
  private List<Part> parts(List<Stream> streams, boolean whole) {
    List<Part> parts = new ArrayList<>();
    if (whole) {
      for (Stream stream : streams) {
        if (stream.outgrows()) {
          stream.begin(KvCache.beginning(pages, new int[0]), 0);
          return List.of(new Part(stream, 0, stream.length(), true));
        }
        if (stream.isReading()) {
          return List.of(new Part(stream, 0, stream.promptLength(), true));
        }
      }
    }
    int writing = (int) streams.stream().filter(stream -> !stream.isReading()).count();
    int guesses = whole ? 0 : STEP_ROWS / Math.max(1, writing) - 1;
    int budget = STEP_TOKENS;
    for (Stream stream : streams) {
      int from = stream.seen();
      int to = stream.isReading() ? pieceEnd(from, stream.promptLength()) : stream.length();
      if (stream.isReading()) {
        if (budget < to - from && budget < STEP_TOKENS) {
          continue;
        }
        budget -= to - from;
      }
      parts.add(new Part(stream, from, to, to == stream.length(), stream.isReading() ? new int[0] : stream.draft(guesses)));
    }
    return parts;
  }

  /** A single token at the end goes with the piece before it: alone it would take another way through attention. */
  static int pieceEnd(int from, int length) {
    int end = Math.min(length, (from / PIECE + 1) * PIECE);
    return length - end == 1 ? length : end;
  }

  private void pass(PretrainedModel model, List<Part> parts) {
    TokenBatch batch = batch(parts);
    List<Part> last = parts.stream().filter(Part::last).toList();
    float[][] logits = logits(model, batch, parts);
    StreamListener.Token[] chosen = new StreamListener.Token[last.size()];
    int[] first = new int[last.size() + 1]; // the row of each
    Arrays.setAll(first, i -> i == 0 ? 0 : first[i - 1] + last.get(i - 1).runs());
    Workers.run(chosen.length, i -> chosen[i] = last.get(i).stream.choose(logits[first[i]]));
    parts.forEach(this::saw);
    for (int i = 0; i < chosen.length; i++) {
      Stream stream = last.get(i).stream;
      try {
        add(last.get(i), chosen[i], logits, first[i]);
      } catch (RuntimeException e) { // of a listener: the others go on
        quietly(() -> stream.fail(e));
      }
    }
  }

  /** Adds a token, and those after it as long as what was guessed is what came; the cache forgets wrong guesses. */
  private static void add(Part part, StreamListener.Token token, float[][] logits, int row) {
    Stream stream = part.stream;
    int right = 0;
    StopReason reason = stream.add(token);
    while (reason == null && right < part.draft.length && stream.last() == part.draft[right]) {
      right++;
      reason = stream.add(stream.choose(logits[row + right]));
    }
    if (reason != null) {
      stream.end(reason);
    } else if (part.draft.length > 0) {
      stream.accepted(part.draft.length, right);
    }
  }

  private void saw(Part part) {
    Stream stream = part.stream;
    boolean reading = stream.isReading();
    stream.saw(part.to - part.from);
    if (reading && isShared(stream)) {
      prefixes.add(stream.request(), Math.min(stream.seen(), stream.promptLength()), stream.cache().pages(0));
    }
  }

  /** What may come after each part that is the last of its text. */
  private static float[][] logits(PretrainedModel model, TokenBatch batch, List<Part> parts) {
    List<Part> runs = new ArrayList<>(); // the part of each sequence
    parts.forEach(part -> runs.addAll(Collections.nCopies(part.runs(), part)));
    Pass pass = Pass.continuing(KvCache.together(runs.stream().map(part -> part.stream.cache()).toList()));
    int[] offsets = batch.offsets();
    if (parts.stream().anyMatch(part -> part.stream.request().route() >= 0)) {
      int[] routes = new int[batch.size()];
      for (int s = 0; s < runs.size(); s++) {
        Arrays.fill(routes, offsets[s], offsets[s + 1], runs.get(s).stream.request().route());
      }
      pass = pass.withRoutes(routes);
    }
    int[] rows = IntStream.range(0, runs.size()).filter(s -> runs.get(s).last).map(s -> offsets[s + 1] - 1).toArray();
    int count = rows.length;
    try (Turn _ = Turn.take(); Scope _ = Scope.open()) {
      Variable hidden = model.hidden(batch, pass);
      if (count == 0) {
        return new float[0][];
      }
      Tensor logits = ((CausalHead) model.head()).logits(GatherOps.rows(hidden, rows), pass.rows(rows)).value();
      float[][] all = new float[count][];
      for (int i = 0; i < count; i++) {
        all[i] = logits.slice(i, i + 1).toFloatArray();
      }
      return all;
    }
  }

  private static TokenBatch batch(List<Part> parts) {
    int count = parts.stream().mapToInt(part -> part.to - part.from + part.draft.length).sum();
    int[] offsets = new int[1 + parts.stream().mapToInt(Part::runs).sum()];
    int[] tokens = new int[count];
    int[] positions = new int[count];
    int run = 0;
    for (Part part : parts) {
      int at = offsets[run];
      int length = part.to - part.from;
      System.arraycopy(part.stream.tokens(part.from, part.to), 0, tokens, at, length);
      System.arraycopy(part.draft, 0, tokens, at + length, part.draft.length);
      for (int i = 0; i < length + part.draft.length; i++) {
        positions[at + i] = part.from + i;
      }
      for (int i = 0; i < part.runs(); i++) {
        offsets[++run] = at + length + i;
      }
    }
    return new TokenBatch(tokens, positions, offsets, null);
  }

  private static void quietly(Runnable telling) {
    try {
      telling.run();
    } catch (RuntimeException _) {
      // a listener that fails at the end has nobody left to be told
    }
  }
}
