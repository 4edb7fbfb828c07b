package dev.hone.nn.generate;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.Tensor;
import dev.hone.core.parallel.Turn;
import dev.hone.core.random.Philox;
import dev.hone.nn.CausalHead;
import dev.hone.nn.KvCache;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.decoder.DecoderConfig;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Continues prompts. Prompts of different lengths may go together; each gets the tokens it would get alone.
 *
 * {@snippet :
 * Generator generator = new Generator(model, ids -> tokenizer.decode(ids));
 * Generated text = generator.generate(List.of(ids), GenerationSettings.read(directory), (prompt, token) ->
 * print(token)).getFirst(); }
 *
 * <p>Sequences that are done leave the batch and the cache at once. A draw depends on the seed, the number of the token and
 * how often the same prompt came before in the batch, so it does not change with the company, and the same prompt several
 * times gives different texts; it goes through the model once.
 *
 * <p>An interrupt of the thread ends generation before the next token: what is not finished then has the tokens until there and
 * {@link StopReason#INTERRUPTED}. The thread stays interrupted.
 */
public final class Generator {
  private final PretrainedModel model;
  private final TextDecoder decoder;
  private final Drafting drafting;

  /**
   * A generator without stop strings.
   *
   * @param model loaded for {@link Task#CAUSAL_LM}
   */
  public Generator(PretrainedModel model) {
    this(model, null);
  }

  /**
   * A generator.
   *
   * @param model loaded for {@link Task#CAUSAL_LM}
   * @param decoder finds stop strings; null if there are none
   */
  public Generator(PretrainedModel model, TextDecoder decoder) {
    this(model, decoder, Drafting.NONE);
  }

  /**
   * A generator that checks guesses.
   *
   * @param drafting guesses next tokens; it changes none
   */
  public Generator(PretrainedModel model, TextDecoder decoder, Drafting drafting) {
    if (!(model.head() instanceof CausalHead)) {
      throw new IllegalArgumentException("Generator: the model was loaded for " + model.task() + ", not for " + Task.CAUSAL_LM);
    }
    this.model = model;
    this.decoder = decoder;
    this.drafting = drafting;
  }

  /** A sequence that is growing. */
  private static final class Sequence {
    private final int prompt;
    private final int promptLength;
    private final Philox random;
    private final Drafting.Drafter drafter;
    private int[] tokens;
    private StopReason reason;

    Sequence(int prompt, int[] tokens, Philox random, Drafting.Drafter drafter) {
      this.prompt = prompt;
      this.promptLength = tokens.length;
      this.tokens = tokens.clone();
      this.random = random;
      this.drafter = drafter;
    }

    int added() {
      return tokens.length - promptLength;
    }

    int[] newTokens() {
      return Arrays.copyOfRange(tokens, promptLength, tokens.length);
    }

    int last() {
      return tokens[tokens.length - 1];
    }

    void add(int token) {
      tokens = Arrays.copyOf(tokens, tokens.length + 1);
      tokens[tokens.length - 1] = token;
    }
  }

  /**
   * What a decoder needs to write.
   *
   * @param prompt tokens of all prompts
   * @param sequences number of prompts
   * @param length the most tokens that one sequence is going to have
   */
  private static MemoryEstimate memory(PretrainedModel model, int prompt, int sequences, int length) {
    DecoderConfig config = (DecoderConfig) model.config();
    List<MemoryEstimate.Part> parts = new ArrayList<>(MemoryEstimate.weights(model.parameters().values()));
    parts.add(new MemoryEstimate.Part("cache",
        2L * config.layers() * config.keyWidth() * length * sequences * Float.BYTES, true, "--max-new-tokens"));
    long widest = Math.max(config.feedForward(), 4L * config.hiddenSize());
    parts.add(new MemoryEstimate.Part("activations", 3 * widest * prompt * Float.BYTES, true, "a shorter prompt"));
    parts.add(new MemoryEstimate.Part("logits", 2L * config.vocabSize() * sequences * Float.BYTES, true, ""));
    return new MemoryEstimate(parts, model.backbone().embeddings().weight().value().device());
  }

  /** Continues prompts, telling nobody on the way. */
  public List<Generated> generate(List<int[]> prompts, GenerationSettings settings) {
    return generate(prompts, settings, (prompt, token) -> { });
  }

  /**
   * Continues prompts.
   *
   * @param prompts token ids, each at least one and fewer than the model's context
   * @param listener is told every new token
   * @return in the order of the prompts
   */
  public List<Generated> generate(List<int[]> prompts, GenerationSettings settings, TokenListener listener) {
    if (!settings.stopStrings().isEmpty() && decoder == null) {
      throw new IllegalArgumentException("generation: stop strings need a Generator with a TextDecoder");
    }
    List<Sequence> all = sequences(prompts, settings);
    int[] firsts = firsts(prompts);
    int longest = prompts.stream().mapToInt(prompt -> prompt.length).max().orElse(0);
    int added = model.config().maxLength() - model.maxLength();
    int reserve = Math.min(model.config().maxLength(), added + longest + settings.maxNewTokens());
    PretrainedModel now = model.snapshot(); // all tokens by the same adapters
    memory(now, IntStream.of(firsts).distinct().map(i -> prompts.get(i).length).sum(), all.size(), reserve).check("generation");
    KvCache cache = new KvCache(model.config().layers(), all.size(), reserve);
    List<Sequence> active = all;
    Step step = Step.whole(all, firsts);
    boolean drafts = ((DecoderConfig) now.config()).reach() == Integer.MAX_VALUE; // else keys may have to be made anew
    try (GradMode _ = GradMode.generating()) {
      while (!active.isEmpty()) {
        if (Thread.currentThread().isInterrupted()) {
          active.forEach(sequence -> sequence.reason = StopReason.INTERRUPTED);
          break;
        }
        float[][] logits = logits(now, step.batch, step.which == null ? cache : cache.each(step.which), step.rows);
        if (step.firsts != null) {
          logits = forEach(step.firsts, logits, cache);
        }
        int row = 0;
        for (int s = 0; s < active.size(); s++) { // outside the turn: listeners may wait for others
          int[] draft = step.drafts.get(s);
          int wrong = draft.length - extend(active.get(s), draft, logits, row, settings, listener);
          if (wrong > 0) {
            cache.shorten(s, cache.length(s) - wrong);
          }
          row += 1 + draft.length;
        }
        List<Sequence> before = active;
        int[] kept = IntStream.range(0, before.size()).filter(s -> before.get(s).reason == null).toArray();
        if (kept.length < before.size()) {
          cache.keep(kept);
          active = IntStream.of(kept).mapToObj(before::get).toList();
        }
        step = Step.last(active, drafts ? settings.maxNewTokens() : 0, model);
        if (outgrows(active, ((DecoderConfig) now.config()).reach() - added)) {
          cache.keep(new int[0]);
          cache = new KvCache(now.config().layers(), active.size(), reserve);
          step = Step.whole(active, IntStream.range(0, active.size()).toArray());
        }
      }
    }
    return all.stream().map(sequence -> new Generated(sequence.newTokens(), sequence.reason)).toList();
  }

  /** For each prompt the number of the first one that is equal. */
  private static int[] firsts(List<int[]> prompts) {
    Map<IntBuffer, Integer> seen = new HashMap<>();
    return IntStream.range(0, prompts.size()).map(i -> seen.computeIfAbsent(IntBuffer.wrap(prompts.get(i)), _ -> i)).toArray();
  }

  /** What comes after each prompt, and its keys and values, where equal prompts went through the model once. */
  private static float[][] forEach(int[] firsts, float[][] distinct, KvCache cache) {
    float[][] all = new float[firsts.length][];
    int next = 0;
    for (int i = 0; i < firsts.length; i++) {
      if (firsts[i] == i) {
        all[i] = distinct[next++];
      } else {
        all[i] = all[firsts[i]].clone(); // rules write into it
        cache.repeat(firsts[i], i);
      }
    }
    return all;
  }

  /** Whether one of them has just become longer than its keys are turned for: {@link DecoderConfig#reach}. */
  private static boolean outgrows(List<Sequence> sequences, int reach) {
    return sequences.stream().anyMatch(sequence -> sequence.tokens.length == reach + 1 && sequence.added() > 0);
  }

  /** What may come after some rows of a batch. */
  static float[][] logits(PretrainedModel model, TokenBatch batch, KvCache cache, int[] rows) {
    try (Turn _ = Turn.take(); Scope _ = Scope.open()) {
      Variable hidden = model.hidden(batch, Pass.continuing(cache));
      Tensor logits = ((CausalHead) model.head()).logits(GatherOps.rows(hidden, rows), Pass.inference()).value();
      float[][] all = new float[logits.dim(0)][];
      for (int i = 0; i < all.length; i++) {
        all[i] = logits.slice(i, i + 1).toFloatArray();
      }
      return all;
    }
  }

  private List<Sequence> sequences(List<int[]> prompts, GenerationSettings settings) {
    int context = model.maxLength();
    List<Sequence> all = new ArrayList<>();
    for (int i = 0; i < prompts.size(); i++) {
      int[] prompt = prompts.get(i);
      if (prompt.length == 0) {
        throw new IllegalArgumentException("generation: prompt " + i + " is empty; it must have at least one token");
      }
      if (prompt.length >= context) {
        throw new IllegalArgumentException("generation: prompt " + i + " has " + prompt.length
            + " tokens, the model's context is "
            + context + "; shorten the prompt");
      }
      for (int token : prompt) {
        if (token < 0 || token >= model.config().vocabSize()) {
          throw new IllegalArgumentException("generation: prompt " + i + " has token " + token + ", the model's vocabulary has "
              + model.config().vocabSize() + "; was it made by this model's tokenizer?");
        }
      }
      long twins = prompts.subList(0, i).stream().filter(other -> Arrays.equals(other, prompt)).count();
      all.add(new Sequence(i, prompt, new Philox(settings.sampling().seed(), Philox.stream(twins)),
          drafting.begin()));
    }
    return all;
  }

  /** Adds the token of a row, and of those after it as long as what was guessed is what came; returns how many were right. */
  private int extend(Sequence sequence, int[] draft, float[][] logits, int row, GenerationSettings settings,
      TokenListener listener) {
    int right = 0;
    extend(sequence, logits[row], settings, listener);
    while (right < draft.length && sequence.last() == draft[right] && sequence.reason == null) {
      right++;
      extend(sequence, logits[row + right], settings, listener);
    }
    if (draft.length > 0) {
      sequence.drafter.accepted(draft.length, right);
    }
    return right;
  }

  private void extend(Sequence sequence, float[] logits, GenerationSettings settings, TokenListener listener) {
    if (sequence.added() < settings.minNewTokens()) {
      settings.endTokens().stream().filter(token -> token < logits.length) // a file may name some behind the vocabulary
          .forEach(token -> logits[token] = Float.NEGATIVE_INFINITY);
    }
    int token = settings.sampling().choose(logits, sequence.tokens, sequence.random, sequence.added());
    sequence.add(token);
    listener.token(sequence.prompt, token);
    if (settings.endTokens().contains(token)) {
      sequence.reason = StopReason.END_TOKEN;
    } else if (stops(sequence, settings)) {
      sequence.reason = StopReason.STOP_STRING;
    } else if (sequence.added() == settings.maxNewTokens() || sequence.tokens.length == model.maxLength()) {
      sequence.reason = StopReason.LENGTH;
    }
  }

  private boolean stops(Sequence sequence, GenerationSettings settings) {
    if (settings.stopStrings().isEmpty()) {
      return false;
    }
    String text = decoder.decode(sequence.newTokens());
    return settings.stopStrings().stream().anyMatch(text::contains);
  }

  /**
   * What goes through the model at a time.
   *
   * @param which the sequence that each part of the batch belongs to, or null if there is one part for each
   * @param firsts for each sequence the one that goes through for it, or null where each goes itself
   * @param rows of the batch that tokens come after: for each sequence one, and one more for each guess
   * @param drafts of each sequence
   */
  private record Step(TokenBatch batch, int[] which, int[] firsts, int[] rows, List<int[]> drafts) {
    /** All tokens of sequences, of equal ones those of the first. */
    static Step whole(List<Sequence> sequences, int[] firsts) {
      int[] distinct = IntStream.of(firsts).distinct().toArray();
      TokenBatch batch = TokenBatch.of(IntStream.of(distinct).mapToObj(s -> sequences.get(s).tokens).toList());
      boolean all = distinct.length == firsts.length;
      return new Step(batch, all ? null : distinct, all ? null : firsts, batch.lastRows(),
          sequences.stream().map(_ -> new int[0]).toList());
    }

    /** The last token of each, and guesses of what comes then: each by itself, so that it has the bits of a token alone. */
    static Step last(List<Sequence> sequences, int maxNewTokens, PretrainedModel model) {
      List<int[]> drafts = sequences.stream().map(sequence -> {
        int room = Math.min(maxNewTokens - sequence.added(), model.maxLength() - sequence.tokens.length) - 1;
        return room <= 0 ? new int[0]
            : Drafting.usable(sequence.drafter.draft(sequence.tokens, room), room, model.config().vocabSize());
      }).toList();
      int count = sequences.size() + drafts.stream().mapToInt(draft -> draft.length).sum();
      int[] tokens = new int[count];
      int[] positions = new int[count];
      int[] which = new int[count];
      int row = 0;
      for (int s = 0; s < sequences.size(); s++) {
        int length = sequences.get(s).tokens.length;
        for (int i = 0; i <= drafts.get(s).length; i++) {
          tokens[row] = i == 0 ? sequences.get(s).last() : drafts.get(s)[i - 1];
          positions[row] = length - 1 + i;
          which[row++] = s;
        }
      }
      TokenBatch batch = new TokenBatch(tokens, positions, IntStream.rangeClosed(0, count).toArray(), null);
      return new Step(batch, which, null, IntStream.range(0, count).toArray(), drafts);
    }
  }
}
