package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Variable;
import dev.hone.core.HostArray;
import dev.hone.core.random.Philox;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.Adapters;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.PromptConfig;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import dev.hone.nn.generate.Sampling;
import dev.hone.nn.generate.StopReason;
import dev.hone.nn.generate.StreamListener;
import dev.hone.nn.generate.StreamRequest;
import dev.hone.nn.generate.Streams;
import dev.hone.train.TinyLanguageModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Texts that are written together have the tokens that they have alone, whatever joins, leaves or is shared. */
class StreamsTest {
  private static final int CONTEXT = 1024;
  private static final GenerationSettings GREEDY = GenerationSettings.GREEDY.withMaxNewTokens(24);
  private static final Sampling WARM = new Sampling(0.9f, 40, 0.95f, 0.01f, 1.1f, 5);

  @TempDir
  static Path directory;

  @BeforeAll
  static void write() throws IOException {
    TinyLanguageModel.write(directory);
    Path config = directory.resolve("config.json");
    Files.writeString(config, Files.readString(config)
        .replaceFirst("(\"max_position_embeddings\"\\s*:\\s*)\\d+", "$1" + CONTEXT));
  }

  private static PretrainedModel model() {
    return PretrainedModel.load(directory, Task.CAUSAL_LM);
  }

  /** Keeps what becomes of a text. */
  private static class Heard implements StreamListener {
    private final List<Token> tokens = Collections.synchronizedList(new ArrayList<>());
    private final CompletableFuture<StopReason> end = new CompletableFuture<>();
    private int most = Integer.MAX_VALUE;

    @Override
    public boolean token(Token token) {
      tokens.add(token);
      return tokens.size() < most;
    }

    @Override
    public void end(StopReason reason) {
      end.complete(reason);
    }

    @Override
    public void fail(Throwable failure) {
      end.completeExceptionally(failure);
    }

    int[] ids() {
      end.join();
      return tokens.stream().mapToInt(Token::id).toArray();
    }
  }

  private static int[] prompt(int seed, int length) {
    Philox random = new Philox(seed, 1);
    return IntStream.range(0, length).map(i -> 2 + (int) (random.uniform(i) * 250)).toArray();
  }

  private static StreamRequest request(PretrainedModel model, int[] prompt, GenerationSettings settings) {
    return new StreamRequest(model, -1, prompt, settings, 0, StreamRequest.Choice.PLAIN);
  }

  private static int[] alone(PretrainedModel model, int[] prompt, GenerationSettings settings) {
    return new Generator(model).generate(List.of(prompt), settings).getFirst().tokens();
  }

  /** LoRA whose second matrix is not zero. */
  private static void addRandom(Adapters adapters, String name, int seed) {
    AdapterConfig config = LoraConfig.of(4, 16);
    adapters.add(name, config, seed).model().parameters().forEach((path, parameter) -> {
      if (path.contains("lora_B")) {
        try (HostArray values = parameter.value().onHost(HostArray.Access.WRITE)) {
          new Philox(seed, path.hashCode()).fillNormal(values.array(), values.offset(), values.length(), 0, 0.3f);
        }
      }
    });
  }

  @Test
  void promptsOfAllLengthsInPiecesAndInCompanyHaveTheTokensThatTheyHaveAlone() {
    PretrainedModel model = model();
    int[] lengths = {1, 2, 15, 16, 17, 63, 64, 65, 129, 255, 256, 257, 258, 511, 512, 513, 700, 950};
    try (Streams streams = new Streams(model, 6, 8192)) {
      List<Heard> all = new ArrayList<>();
      for (int i = 0; i < lengths.length; i++) {
        Heard heard = new Heard();
        all.add(heard);
        streams.submit(request(model, prompt(i, lengths[i]), i % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM)), heard);
      }
      for (int i = 0; i < lengths.length; i++) {
        int[] expected = alone(model, prompt(i, lengths[i]), i % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM));
        assertArrayEquals(expected, all.get(i).ids(), "prompt of " + lengths[i]);
        assertEquals(StopReason.LENGTH, all.get(i).end.join());
      }
    }
  }

  @Test
  void sixtyFourPromptsSixteenAtATimeWithTwoAdaptersAndASwapBetween() {
    PretrainedModel model = model();
    Adapters adapters = new Adapters(model);
    addRandom(adapters, "a", 1);
    addRandom(adapters, "b", 2);
    List<String> names = Collections.unmodifiableList(Arrays.asList(null, "a", "b"));
    List<int[]> expected = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      String name = names.get(i % 3);
      GenerationSettings settings = i / 3 % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM.withSeed(i));
      expected.add(alone(name == null ? adapters.model() : adapters.model(name), prompt(i, 5 + 3 * i), settings));
    }
    assertNotEquals(Arrays.toString(alone(adapters.model("a"), prompt(0, 5), GREEDY)),
        Arrays.toString(alone(adapters.model(), prompt(0, 5), GREEDY)));
    try (Streams streams = new Streams(model, 16, 16384)) {
      List<Heard> all = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        if (i == 30) {
          addRandom(adapters, "c", 3); // from now on another model routes
          adapters.remove("c");
        }
        Heard heard = new Heard();
        all.add(heard);
        Adapters.Route route = adapters.route(names.get(i % 3));
        GenerationSettings settings = i / 3 % 2 == 0 ? GREEDY : GREEDY.withSampling(WARM.withSeed(i));
        streams.submit(new StreamRequest(route.model(), route.number(), prompt(i, 5 + 3 * i), settings, 0,
            StreamRequest.Choice.PLAIN),
            heard);
      }
      for (int i = 0; i < 64; i++) {
        assertArrayEquals(expected.get(i), all.get(i).ids(), "text " + i);
      }
    }
  }

  @Test
  void aBeginningThatIsThereIsNotComputedAgainAndChangesNothing() {
    PretrainedModel model = model();
    int[] system = prompt(7, 300);
    try (Streams streams = new Streams(model, 4, 4096)) {
      for (int i = 0; i < 4; i++) {
        int[] prompt = Arrays.copyOf(system, 300 + 40 * i + 1);
        System.arraycopy(prompt(50 + i, 40 * i + 1), 0, prompt, 300, 40 * i + 1);
        Heard heard = new Heard();
        var stream = streams.submit(request(model, prompt, GREEDY), heard);
        assertArrayEquals(alone(model, prompt, GREEDY), heard.ids());
        assertEquals(i == 0 ? 0 : 256, stream.cachedTokens());
      }
      Heard again = new Heard();
      var exact = streams.submit(request(model, Arrays.copyOf(system, 257), GREEDY), again);
      assertArrayEquals(alone(model, Arrays.copyOf(system, 257), GREEDY), again.ids());
      assertEquals(192, exact.cachedTokens()); // a single token must not be left
      assertTrue(streams.held() > 0);
    }
  }

  @Test
  void answersToOnePromptAreComputedTogetherButForTheirFirstPrompt() {
    PretrainedModel model = model();
    int[] prompt = prompt(9, 400);
    GenerationSettings warm = GREEDY.withSampling(WARM);
    try (Streams streams = new Streams(model, 8, 8192)) {
      List<Heard> all = new ArrayList<>();
      List<Integer> cached = new ArrayList<>();
      List<dev.hone.nn.generate.Stream> begun = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Heard heard = new Heard();
        all.add(heard);
        begun.add(streams.submit(new StreamRequest(model, -1, prompt, warm, i, StreamRequest.Choice.PLAIN), heard));
      }
      List<int[]> expected = new Generator(model).generate(Collections.nCopies(4, prompt), warm).stream().map(g -> g.tokens())
          .toList();
      for (int i = 0; i < 4; i++) {
        assertArrayEquals(expected.get(i), all.get(i).ids());
        cached.add(begun.get(i).cachedTokens());
      }
      assertEquals(List.of(0, 384, 384, 384), cached);
    }
  }

  /** Counts the rows that a layer sees. */
  private static final class Counter implements LinearAdapter {
    private int rows;

    @Override
    public Variable forward(Variable x, Linear base, Pass pass) {
      rows += x.shape().rows();
      return base.base(x);
    }

    @Override
    public void visit(LayerVisitor visitor) {}
  }

  @Test
  void aPromptThatIsThereSeveralTimesGoesThroughTheModelOnce() {
    PretrainedModel model = model();
    GenerationSettings warm = GREEDY.withSampling(WARM);
    for (int length : new int[] {1, 16, 31, 70}) {
      List<int[]> prompts = List.of(prompt(1, length), prompt(2, 9), prompt(1, length), prompt(1, length), prompt(2, 9));
      int[] draws = {0, 0, 1, 2, 1};
      Counter counter = new Counter();
      new LayerVisitor() {
        @Override
        protected void enter(String path, Layer layer) {
          if (path.endsWith("layers.0.self_attn.k_proj")) {
            ((Linear) layer).setAdapter(counter);
          }
        }
      }.layer("", model);
      List<Generated> written = new Generator(model).generate(prompts, warm);
      int more = written.stream().mapToInt(text -> text.tokens().length - 1).sum();
      assertEquals(length + 9 + more, counter.rows);
      try (Streams streams = new Streams(model, 1, 8192)) {
        for (int i = 0; i < draws.length; i++) {
          Heard heard = new Heard();
          streams.submit(new StreamRequest(model, -1, prompts.get(i), warm, draws[i], StreamRequest.Choice.PLAIN), heard);
          assertArrayEquals(heard.ids(), written.get(i).tokens(), length + " tokens, text " + i);
        }
      }
    }
  }

  @Test
  void whereRoomIsScarceTextsWaitAndSharedBeginningsGo() {
    PretrainedModel model = model();
    try (Streams streams = new Streams(model, 8, 512)) {
      List<Heard> all = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        Heard heard = new Heard();
        all.add(heard);
        streams.submit(request(model, prompt(i, 200 + i), GREEDY), heard);
      }
      for (int i = 0; i < 12; i++) {
        assertArrayEquals(alone(model, prompt(i, 200 + i), GREEDY), all.get(i).ids());
      }
      assertTrue(streams.held() <= 512);
      assertThrows(IllegalArgumentException.class, () -> streams.submit(request(model, prompt(1, 500), GREEDY), new Heard()));
    }
  }

  @Test
  void adaptersWithVirtualTokensKeepTheirTokens() {
    PretrainedModel model = model();
    Adapters adapters = new Adapters(model);
    adapters.add("prompt", PromptConfig.of(8), 4);
    addRandom(adapters, "a", 1);
    try (Streams streams = new Streams(model, 8, 8192)) {
      List<Heard> all = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Heard heard = new Heard();
        all.add(heard);
        Adapters.Route route = adapters.route(i % 2 == 0 ? "prompt" : "a");
        streams.submit(new StreamRequest(route.model(), route.number(), prompt(i, 20 + 90 * i), GREEDY, 0,
            StreamRequest.Choice.PLAIN),
            heard);
      }
      for (int i = 0; i < 6; i++) {
        assertArrayEquals(alone(adapters.model(i % 2 == 0 ? "prompt" : "a"), prompt(i, 20 + 90 * i), GREEDY), all.get(i).ids());
      }
    }
  }

  @Test
  void whoIsGivenUpLeavesAndTheOthersGoOn() throws Exception {
    PretrainedModel model = model();
    GenerationSettings endless = GREEDY.withMaxNewTokens(900);
    try (Streams streams = new Streams(model, 1, 4096)) {
      CountDownLatch begun = new CountDownLatch(3);
      Heard first = new Heard() {
        @Override
        public boolean token(Token token) {
          begun.countDown();
          return super.token(token);
        }
      };
      var running = streams.submit(request(model, prompt(1, 10), endless), first);
      Heard waits = new Heard();
      var waiting = streams.submit(request(model, prompt(2, 10), endless), waits);
      Heard last = new Heard();
      streams.submit(request(model, prompt(3, 10), GREEDY), last);
      begun.await();
      waiting.cancel();
      running.cancel();
      assertEquals(StopReason.INTERRUPTED, first.end.join());
      assertEquals(StopReason.INTERRUPTED, waits.end.join());
      assertEquals(0, waits.tokens.size());
      assertArrayEquals(alone(model, prompt(3, 10), GREEDY), last.ids());
    }
  }

  @Test
  void aListenerThatFailsOrStopsHarmsNobodyElse() {
    PretrainedModel model = model();
    try (Streams streams = new Streams(model, 4, 4096)) {
      Heard broken = new Heard() {
        @Override
        public boolean token(Token token) {
          throw new IllegalStateException("on purpose");
        }
      };
      Heard stopping = new Heard();
      stopping.most = 5;
      Heard other = new Heard();
      streams.submit(request(model, prompt(1, 10), GREEDY), broken);
      streams.submit(request(model, prompt(2, 10), GREEDY), stopping);
      streams.submit(request(model, prompt(3, 10), GREEDY), other);
      assertArrayEquals(alone(model, prompt(3, 10), GREEDY), other.ids());
      assertEquals(StopReason.STOP_STRING, stopping.end.join());
      assertArrayEquals(Arrays.copyOf(alone(model, prompt(2, 10), GREEDY), 5), stopping.ids());
      assertInstanceOf(IllegalStateException.class, broken.end.handle((_, e) -> e).join());
    }
  }

  @Test
  void closingEndsWhatIsNotFinished() {
    PretrainedModel model = model();
    Heard running = new Heard();
    Heard waiting = new Heard();
    Streams streams = new Streams(model, 1, 4096);
    streams.submit(request(model, prompt(1, 10), GREEDY.withMaxNewTokens(1000)), running);
    streams.submit(request(model, prompt(2, 10), GREEDY.withMaxNewTokens(1000)), waiting);
    streams.close();
    assertEquals(StopReason.INTERRUPTED, running.end.join());
    assertEquals(StopReason.INTERRUPTED, waiting.end.join());
    assertEquals(0, streams.held());
    assertThrows(IllegalStateException.class, () -> streams.submit(request(model, prompt(1, 10), GREEDY), new Heard()));
  }

  @Test
  void whatIsWrongWithARequestIsSaidAtOnce() {
    PretrainedModel model = model();
    PretrainedModel other = model();
    try (Streams streams = new Streams(model, 1, 4096)) {
      for (StreamRequest wrong : List.of(request(model, new int[0], GREEDY), request(model, prompt(1, CONTEXT), GREEDY),
          request(model, new int[] {TinyLanguageModel.VOCABULARY}, GREEDY), request(other, prompt(1, 3), GREEDY))) {
        assertThrows(IllegalArgumentException.class, () -> streams.submit(wrong, new Heard()));
      }
    }
  }
}
