package dev.hone.train.serve;

import dev.hone.nn.generate.StopReason;
import dev.hone.nn.generate.Stream;
import dev.hone.nn.generate.StreamListener;
import dev.hone.tokenizer.DecodeStream;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.infer.StopStrings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;

/**
 * One choice of an answer while it is written: tokens become text, which goes into a queue for the thread of the request. Stop
 * strings and characters that several tokens share are held back until they are decided.
 */
final class Generation implements StreamListener {
  private static final int PRIMED = 256; // tokens of the prompt that decide how the first ones of the answer are spelled
  private static final char REPLACEMENT = '\uFFFD';

  private final int index;
  private final Tokenizer tokenizer;
  private final boolean skipSpecial;
  private final boolean logs;
  private final DecodeStream decoder;
  private final StopStrings text;
  private final BlockingQueue<Event> events;
  private final StringBuilder written = new StringBuilder(); // with what is held back
  private final StringBuilder fresh = new StringBuilder();
  private final List<Entry> held = new ArrayList<>(); // of tokens whose text is not out
  private int passed; // characters that are out
  private int tokens;
  private volatile Stream stream;

  /**
   * Something happened to a choice.
   *
   * @param index of the choice
   * @param text that is new; may be empty
   * @param entries of tokens that belong to the text
   * @param tokens that the choice has now
   * @param reason why it ended, or null
   * @param failure what went wrong, or null
   */
  record Event(int index, String text, List<Entry> entries, int tokens, StopReason reason, Throwable failure) {}

  /**
   * A token with its log-probabilities.
   *
   * @param offset where its text begins
   */
  record Entry(String text, byte[] bytes, float logProbability, String[] others, byte[][] otherBytes, float[] otherLogs,
      int offset) {}

  Generation(int index, Tokenizer tokenizer, int[] prompt, List<String> stops, boolean skipSpecial, boolean logs,
      BlockingQueue<Event> events) {
    this.index = index;
    this.tokenizer = tokenizer;
    this.skipSpecial = skipSpecial;
    this.logs = logs;
    this.events = events;
    this.decoder = tokenizer.decodeStream(skipSpecial);
    for (int i = Math.max(0, prompt.length - PRIMED); i < prompt.length; i++) {
      decoder.step(prompt[i]);
    }
    this.text = new StopStrings(stops, fresh::append);
  }

  void runs(Stream with) {
    stream = with;
  }

  void cancel() {
    if (stream != null) {
      stream.cancel();
    }
  }

  int cachedTokens() {
    return stream == null ? 0 : stream.cachedTokens();
  }

  @Override
  public boolean token(Token token) {
    tokens++;
    if (!token.ends()) {
      String piece = decoder.step(token.id()).orElse("");
      if (logs) {
        held.add(entry(token, piece));
      }
      written.append(piece);
      text.add(piece);
    }
    pass(null);
    return !text.isStopped();
  }

  @Override
  public void end(StopReason reason) {
    text.finish();
    pass(reason);
  }

  @Override
  public void fail(Throwable failure) {
    events.add(new Event(index, "", List.of(), tokens, null, failure));
  }

  /** Hands out what is final, with the tokens whose text began in it. */
  private void pass(StopReason reason) {
    passed += fresh.length();
    List<Entry> entries = new ArrayList<>();
    boolean all = reason != null && !text.isStopped();
    while (!held.isEmpty() && (all || held.getFirst().offset < passed)) {
      entries.add(held.removeFirst());
    }
    if (fresh.length() > 0 || !entries.isEmpty() || reason != null || tokens == 1) {
      events.add(new Event(index, fresh.toString(), entries, tokens, reason, null));
      fresh.setLength(0);
    }
  }

  private Entry entry(Token token, String piece) {
    String own = spelled(token.id(), piece);
    String[] others = new String[token.likeliest().length];
    byte[][] otherBytes = new byte[others.length][];
    for (int i = 0; i < others.length; i++) {
      int id = token.likeliest()[i];
      others[i] = id == token.id() ? own : spelled(id, null);
      otherBytes[i] = bytes(id, others[i]);
    }
    return new Entry(own, bytes(token.id(), own), token.logProbability(), others, otherBytes, token.likeliestLogs(),
        written.length());
  }

  /** The text of a token: what it added, or, of one that was not taken or is part of a character, what it says alone. */
  private String spelled(int id, String piece) {
    byte[] bytes = tokenizer.tokenBytes(id);
    if (bytes != null) {
      return new String(bytes, StandardCharsets.UTF_8);
    }
    if (piece != null && !piece.isEmpty() && piece.charAt(0) != REPLACEMENT) {
      return piece;
    }
    String token = tokenizer.token(id);
    if (token == null) {
      return "";
    }
    String visible = token.replace('\u2581', ' '); // SentencePiece's space
    String decoded = tokenizer.decode(new int[] {id}, false);
    return visible.endsWith(decoded) && visible.startsWith(" ") ? visible : decoded;
  }

  private byte[] bytes(int id, String spelled) {
    byte[] bytes = tokenizer.tokenBytes(id);
    return bytes != null ? bytes : spelled.getBytes(StandardCharsets.UTF_8);
  }
}
