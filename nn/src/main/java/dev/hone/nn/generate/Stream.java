package dev.hone.nn.generate;

import dev.hone.core.random.Philox;
import dev.hone.nn.KvCache;
import dev.hone.nn.KvPages;
import dev.hone.nn.decoder.DecoderConfig;
import java.util.Arrays;

/** A text that is being written by {@link Streams}. */
public final class Stream {
  private final StreamRequest request;
  private final StreamListener listener;
  private final Philox random;
  private final Drafting.Drafter drafter;
  private final int end; // the most tokens, with the prompt
  private int[] tokens;
  private int length;
  private int seen; // tokens whose keys and values are in the cache
  private KvCache cache;
  private volatile int cached;
  private volatile boolean cancelled;
  private boolean over;

  Stream(StreamRequest request, StreamListener listener, Drafting.Drafter drafter) {
    this.request = request;
    this.listener = listener;
    this.drafter = drafter;
    this.random = new Philox(request.settings().sampling().seed(), Philox.stream(request.draw()));
    this.end = (int) Math.min(request.model().maxLength(), (long) request.prompt().length + request.settings().maxNewTokens());
    this.tokens = Arrays.copyOf(request.prompt(), Math.min(end, request.prompt().length + 64));
    this.length = request.prompt().length;
  }

  /** Gives the text up: it ends before its next token, and its place is free then. From any thread. */
  public void cancel() {
    cancelled = true;
  }

  /** How many tokens of the prompt were not computed, because an earlier text began with them. */
  public int cachedTokens() {
    return cached;
  }

  StreamRequest request() {
    return request;
  }

  StreamListener listener() {
    return listener;
  }

  boolean isCancelled() {
    return cancelled;
  }

  boolean isOver() {
    return over;
  }

  /** Tokens that it may come to have. */
  int extent() {
    return end;
  }

  KvCache cache() {
    return cache;
  }

  void begin(KvCache with, int prefix) {
    if (cache != null) {
      cache.keep(new int[0]);
    }
    cache = with;
    seen = prefix;
    cached = prefix;
  }

  /** Whether it has just become longer than its keys are turned for: {@link DecoderConfig#reach}. */
  boolean outgrows() {
    int reach = ((DecoderConfig) request.model().config()).reach();
    return !isReading() && seen + virtualTokens() <= reach && length + virtualTokens() > reach;
  }

  /** Pages that it may still come to take. */
  int pagesToCome() {
    return KvPages.needed(end + virtualTokens()) - cache.pages(0).length;
  }

  int virtualTokens() {
    return request.model().config().maxLength() - request.model().maxLength();
  }

  private void leave() {
    over = true;
    if (cache != null) {
      cache.keep(new int[0]);
      cache = null;
    }
  }

  int promptLength() {
    return request.prompt().length;
  }

  int length() {
    return length;
  }

  int seen() {
    return seen;
  }

  /** Whether part of the prompt is still to be read. */
  boolean isReading() {
    return seen < request.prompt().length;
  }

  void saw(int more) {
    seen += more;
  }

  /** Guesses of the next tokens, of which it must have room for one more. */
  int[] draft(int most) {
    int room = Math.min(most, end - length - 1);
    return room <= 0 ? new int[0] : Drafting.usable(drafter.draft(tokens(0, length), room), room,
        request.model().config().vocabSize());
  }

  /** So many guesses were right, and are tokens now; the cache forgets the others. */
  void accepted(int guesses, int right) {
    drafter.accepted(guesses, right);
    seen += right;
    if (right < guesses) {
      cache.shorten(0, cache.length(0) - (guesses - right));
    }
  }

  /** The last token. */
  int last() {
    return tokens[length - 1];
  }

  /** Tokens of the text from one place to another. */
  int[] tokens(int from, int to) {
    return Arrays.copyOfRange(tokens, from, to);
  }

  /** Chooses the next token from its logits, which are overwritten. */
  StreamListener.Token choose(float[] logits) {
    StreamRequest.Choice choice = request.choice();
    float[] logs = choice.likeliest() < 0 ? null : logits.clone();
    int added = length - request.prompt().length;
    choice.bias().forEach((token, bias) -> logits[token] += bias);
    if (choice.presence() != 0 || choice.frequency() != 0) {
      int[] written = tokens(request.prompt().length, length);
      for (int token : written) {
        logits[token] -= choice.frequency();
      }
      Arrays.stream(written).distinct().forEach(token -> logits[token] -= choice.presence());
    }
    if (added < request.settings().minNewTokens()) {
      forbid(request.settings().endTokens(), logits);
      forbid(choice.stopTokens(), logits);
    }
    int id = request.settings().sampling().choose(logits, tokens(0, length), random, added);
    return token(id, logs);
  }

  private static void forbid(Iterable<Integer> ids, float[] logits) {
    for (int id : ids) {
      if (id < logits.length) { // a file may name some behind the vocabulary
        logits[id] = Float.NEGATIVE_INFINITY;
      }
    }
  }

  private StreamListener.Token token(int id, float[] logits) {
    boolean ends = request.ends(id);
    if (logits == null) {
      return new StreamListener.Token(id, Float.NaN, new int[0], new float[0], ends);
    }
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    double norm = largest + Math.log(sum);
    int[] best = largest(logits, Math.min(request.choice().likeliest(), logits.length));
    float[] logs = new float[best.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) (logits[best[i]] - norm);
    }
    return new StreamListener.Token(id, (float) (logits[id] - norm), best, logs, ends);
  }

  /** The largest in order; of equal ones the first. */
  private static int[] largest(float[] values, int count) {
    int[] best = new int[count];
    int found = 0;
    for (int i = 0; i < values.length && count > 0; i++) {
      if (found == count && !(values[i] > values[best[count - 1]])) {
        continue;
      }
      int at = found < count ? found++ : count - 1;
      while (at > 0 && values[i] > values[best[at - 1]]) {
        best[at] = best[at - 1];
        at--;
      }
      best[at] = i;
    }
    return best;
  }

  /** Adds a chosen token and tells the listener; returns why the text ends with it, or null if it goes on. */
  StopReason add(StreamListener.Token token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.min(end, 2 * length));
    }
    tokens[length++] = token.id();
    boolean more = listener.token(token);
    return token.ends() ? StopReason.END_TOKEN : !more ? StopReason.STOP_STRING : length == end ? StopReason.LENGTH : null;
  }

  void end(StopReason reason) {
    leave();
    listener.end(reason);
  }

  void fail(Throwable failure) {
    leave();
    listener.fail(failure);
  }
}
