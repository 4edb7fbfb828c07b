package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.random.Philox;
import dev.hone.nn.InterleavedWeights;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.DraftModel;
import dev.hone.nn.generate.Drafting;
import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.generate.PromptLookup;
import dev.hone.nn.generate.Sampling;
import dev.hone.nn.generate.StopReason;
import dev.hone.nn.generate.StreamListener;
import dev.hone.nn.generate.StreamRequest;
import dev.hone.nn.generate.Streams;
import dev.hone.nn.load.ModelLoader;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guesses of next tokens save passes and change no token. */
class DraftingTest {
  private static final GenerationSettings GREEDY = GenerationSettings.GREEDY.withMaxNewTokens(40);
  private static final Sampling WARM = new Sampling(0.9f, 40, 0.95f, 0.01f, 1.1f, 5);

  @TempDir
  static Path parent;

  @BeforeAll
  static void write() throws IOException {
    for (int seed : new int[] {3, 4}) {
      Path directory = Files.createDirectories(parent.resolve("" + seed));
      Path config = TinyLanguageModel.writeConfig(directory.resolve("config.json"));
      Files.writeString(config, Files.readString(config).replaceFirst("\"hidden_size\":32", "\"hidden_size\":64"));
      new ModelLoader(directory).task(Task.CAUSAL_LM).untrained().seed(seed).load().save(directory, DType.BF16);
      TinyLanguageModel.writeTokenizer(directory);
    }
  }

  private static PretrainedModel model(int seed) {
    PretrainedModel model = PretrainedModel.load(parent.resolve("" + seed), Task.CAUSAL_LM);
    InterleavedWeights.of(model, Long.MAX_VALUE);
    return model;
  }

  private static int[] prompt(int seed, int length) {
    Philox random = new Philox(seed, 1);
    return IntStream.range(0, length).map(i -> 2 + (int) (random.uniform(i) * 250)).toArray();
  }

  /** Counts steps, guesses and right ones of another. */
  private static final class Counted implements Drafting {
    private final Drafting of;
    private int steps;
    private int guesses;
    private int right;

    Counted(Drafting of) {
      this.of = of;
    }

    @Override
    public Drafter begin() {
      Drafter drafter = of.begin();
      return new Drafter() {
        @Override
        public int[] draft(int[] tokens, int most) {
          steps++;
          return drafter.draft(tokens, most);
        }

        @Override
        public void accepted(int some, int accepted) {
          guesses += some;
          right += accepted;
          drafter.accepted(some, accepted);
        }
      };
    }
  }

  /** Knows the text, but is wrong at every seventh place. */
  private static Drafting nearlyRight(int[] text) {
    return () -> (tokens, most) -> IntStream.range(tokens.length, Math.min(text.length, tokens.length + Math.min(most, 5)))
        .map(i -> i % 7 == 0 ? 1 - text[i] % 2 + 5 : text[i]).toArray();
  }

  private static int[] text(int[] prompt, int[] answer) {
    return IntStream.concat(IntStream.of(prompt), IntStream.of(answer)).toArray();
  }

  @Test
  void tokensAreThoseWithoutGuesses() {
    PretrainedModel model = model(3);
    List<int[]> prompts = List.of(prompt(1, 3), prompt(2, 20), prompt(3, 1), prompt(2, 20), prompt(4, 90));
    for (GenerationSettings settings : List.of(GREEDY, GREEDY.withSampling(WARM))) {
      List<Generated> expected = new Generator(model).generate(prompts, settings);
      Map<String, Drafting> ways = Map.of("lookup", PromptLookup.USUAL, "other model", new DraftModel(model(4), 4),
          "itself", new DraftModel(model(3), 6), "nearly right", nearlyRight(text(prompts.get(1), expected.get(1).tokens())),
          "no tokens", () -> (_, _) -> new int[] {5, -1, 100_000}, "too many", () -> (_, _) -> new int[500]);
      ways.forEach((name, way) -> {
        List<Generated> drafted = new Generator(model, null, way).generate(prompts, settings);
        for (int i = 0; i < prompts.size(); i++) {
          assertArrayEquals(expected.get(i).tokens(), drafted.get(i).tokens(), name + ", prompt " + i);
          assertEquals(expected.get(i).reason(), drafted.get(i).reason(), name + ", prompt " + i);
        }
      });
    }
  }

  @Test
  void endsAreWhereTheyAreWithoutGuesses() {
    PretrainedModel model = model(3);
    int[] prompt = prompt(2, 20);
    int[] answer = new Generator(model).generate(List.of(prompt), GREEDY).getFirst().tokens();
    for (int at : new int[] {0, 1, 2, 3, 7, 20}) {
      GenerationSettings settings = GREEDY.withEndTokens(Set.of(answer[at]));
      Generated expected = new Generator(model).generate(List.of(prompt), settings).getFirst();
      Generated drafted = new Generator(model, null, () -> (tokens, most) -> IntStream.range(tokens.length - prompt.length,
          Math.min(answer.length, tokens.length - prompt.length + most)).map(i -> answer[i]).toArray())
          .generate(List.of(prompt), settings).getFirst();
      assertArrayEquals(expected.tokens(), drafted.tokens(), "end token at " + at);
      assertEquals(expected.reason(), drafted.reason());
    }
  }

  @Test
  void aModelThatGuessesForItselfIsAlwaysRight() {
    PretrainedModel model = model(3);
    Counted itself = new Counted(new DraftModel(model(3), 6));
    int[] tokens = new Generator(model, null, itself).generate(List.of(prompt(2, 20)), GREEDY).getFirst().tokens();
    assertEquals(40, tokens.length);
    assertEquals(itself.guesses, itself.right);
    assertTrue(itself.steps <= 8, () -> itself.steps + " steps for 39 tokens");
  }

  /** A text that repeats itself is found in itself; nothing is guessed where nothing was there before. */
  @Test
  void lookupFindsTheLastPlaceOfTheLastTokens() {
    Drafting.Drafter lookup = new PromptLookup(3, 15).begin();
    assertArrayEquals(new int[] {4, 5, 6}, lookup.draft(new int[] {1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 15));
    assertArrayEquals(new int[] {4}, lookup.draft(new int[] {1, 2, 3, 4, 5, 6, 9, 1, 2, 3}, 1));
    assertArrayEquals(new int[] {7, 2, 3}, lookup.draft(new int[] {2, 3, 4, 2, 3, 7, 2, 3}, 3)); // the later of two places
    assertArrayEquals(new int[0], lookup.draft(new int[] {1, 2, 3, 4}, 15));
    assertArrayEquals(new int[0], lookup.draft(new int[] {1}, 15));
    int[] repeating = IntStream.range(0, 60).map(i -> 10 + i % 4).toArray();
    Counted counted = new Counted(PromptLookup.USUAL);
    Drafting.Drafter drafter = counted.begin();
    int length = 8;
    while (length < 60) { // a model that goes on repeating
      int[] guesses = drafter.draft(Arrays.copyOf(repeating, length), 60 - length);
      drafter.accepted(guesses.length, guesses.length);
      length += 1 + guesses.length;
    }
    assertTrue(counted.steps < 16, () -> counted.steps + " steps for 52 tokens");
    assertThrows(IllegalArgumentException.class, () -> new PromptLookup(1, 15));
    assertThrows(IllegalArgumentException.class, () -> new PromptLookup(3, 0));
  }

  @Test
  void wrongGuessesBecomeRare() {
    Drafting.Drafter lookup = PromptLookup.USUAL.begin();
    int[] tokens = {1, 2, 3, 4, 5, 6, 1, 2, 3};
    int guesses = 0;
    for (int step = 0; step < 100; step++) {
      int[] draft = lookup.draft(tokens, 15);
      guesses += draft.length;
      if (draft.length > 0) {
        lookup.accepted(draft.length, 0);
      }
    }
    assertTrue(guesses < 12, guesses + " wrong guesses in 100 steps");
  }

  @Test
  void theTokenizersMustBeOne() throws IOException {
    TextGenerator generator = TextGenerator.load(parent.resolve("3"), null);
    TextGenerator same = TextGenerator.load(parent.resolve("4"), null);
    String plain = generator.generateAll(List.of(generator.prompt("abcabc")), GREEDY).getFirst();
    assertEquals(plain, generator.withDraftModel(same, 5).generateAll(List.of(generator.prompt("abcabc")), GREEDY).getFirst());
    assertEquals(plain, generator.withDrafting(PromptLookup.USUAL).generateAll(List.of(generator.prompt("abcabc")), GREEDY)
        .getFirst());
    Path other = parent.resolve("other");
    Files.createDirectories(other);
    for (String file : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
      Files.copy(parent.resolve("4").resolve(file), other.resolve(file));
    }
    Files.writeString(other.resolve("tokenizer.json"), Files.readString(parent.resolve("4").resolve("tokenizer.json"))
        .replace("\"b\":", "\"swap\":").replace("\"a\":", "\"b\":").replace("\"swap\":", "\"a\":"));
    TextGenerator turned = TextGenerator.load(other, null);
    String message = assertThrows(IllegalArgumentException.class, () -> generator.withDraftModel(turned, 5)).getMessage();
    assertEquals("draft model: token 99 is 'b' there and 'a' here; the two models must have one tokenizer", message);
  }

  /** Texts of a server, which come and go, with guesses for as many as share a pass. */
  @Test
  void streamsHaveTheTokensWithoutGuesses() {
    PretrainedModel model = model(3);
    int[] lengths = {1, 5, 16, 17, 40, 3, 64, 80, 2, 9, 33, 12};
    Counted itself = new Counted(new DraftModel(model(3), 6));
    for (Drafting way : List.of(PromptLookup.USUAL, itself, new DraftModel(model(4), 4))) {
      try (Streams streams = new Streams(model, 5, 2048, way)) {
        List<CompletableFuture<int[]>> all = new ArrayList<>();
        for (int i = 0; i < lengths.length; i++) {
          GenerationSettings settings = (i % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM)).withMaxNewTokens(10 + 3 * i);
          CompletableFuture<int[]> end = new CompletableFuture<>();
          all.add(end);
          List<Integer> heard = new ArrayList<>();
          streams.submit(new StreamRequest(model, -1, prompt(i, lengths[i]), settings, 0, StreamRequest.Choice.PLAIN),
              new StreamListener() {
                @Override
                public boolean token(Token token) {
                  heard.add(token.id());
                  return true;
                }

                @Override
                public void end(StopReason reason) {
                  end.complete(heard.stream().mapToInt(Integer::intValue).toArray());
                }

                @Override
                public void fail(Throwable failure) {
                  end.completeExceptionally(failure);
                }
              });
        }
        for (int i = 0; i < lengths.length; i++) {
          GenerationSettings settings = (i % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM)).withMaxNewTokens(10 + 3 * i);
          assertArrayEquals(new Generator(model).generate(List.of(prompt(i, lengths[i])), settings).getFirst().tokens(),
              all.get(i).join(), way + ", prompt " + i);
        }
      }
    }
    assertTrue(itself.right > 60, () -> itself.right + " tokens were guessed");
  }
}
