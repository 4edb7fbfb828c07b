package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.GradMode;
import dev.hone.nn.KvCache;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.Generator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An adapter that sleeps until certain tokens come (aLoRA). */
class InvocationTest {
  private static final LoraConfig LORA = LoraConfig.of(2, 4);
  private static final LoraConfig ALORA = LORA.withInvocationTokens(List.of(7, 8));
  private static final int VOCABULARY = 40;

  @TempDir
  Path directory;

  private static float[] logits(PretrainedModel model, List<int[]> sequences) {
    try (GradMode _ = GradMode.disabled()) {
      return model.forward(TokenBatch.of(sequences), Pass.inference()).value().toFloatArray();
    }
  }

  private static float[] rows(float[] logits, int from, int to) {
    return Arrays.copyOfRange(logits, from * VOCABULARY, to * VOCABULARY);
  }

  /** The logits of the last tokens: the first ones by the base, the others by an ordinary LoRA that sees their keys. */
  private float[] inTwoParts(int[] tokens, int awake) throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    Adapter lora = Adapter.attach(model, LORA, 1);
    TinyModel.change(lora);
    KvCache cache = new KvCache(model.config().layers(), 1, tokens.length);
    lora.detach();
    try (GradMode _ = GradMode.disabled()) {
      model.forward(TokenBatch.of(List.of(Arrays.copyOf(tokens, awake))), Pass.continuing(cache));
      lora.reattach();
      int[] rest = Arrays.copyOfRange(tokens, awake, tokens.length);
      int[] positions = IntStream.range(awake, tokens.length).toArray();
      return model.forward(new TokenBatch(rest, positions, new int[] {0, rest.length}, null), Pass.continuing(cache)).value()
          .toFloatArray();
    }
  }

  @Test
  void itActsFromTheLastPlaceOfItsTokensOn() throws IOException {
    PretrainedModel base = TinyModel.llama(directory, false);
    PretrainedModel model = TinyModel.llama(directory, false);
    TinyModel.change(Adapter.attach(model, ALORA, 1));
    int[] twice = {5, 7, 8, 9, 7, 8, 11, 12};
    int[] never = {5, 7, 9, 8, 3};
    int[] atFirst = {7, 8, 20};
    List<int[]> batch = List.of(twice, never, atFirst);
    float[] plain = logits(base, batch);
    float[] adapted = logits(model, batch);
    assertArrayEquals(rows(plain, 0, 4), rows(adapted, 0, 4), "before the last place");
    assertArrayEquals(inTwoParts(twice, 4), rows(adapted, 4, 8), 1e-5f);
    assertNotEquals(Arrays.hashCode(rows(plain, 4, 8)), Arrays.hashCode(rows(adapted, 4, 8)));
    assertArrayEquals(rows(plain, 8, 13), rows(adapted, 8, 13), "without its tokens");
    PretrainedModel everywhere = TinyModel.llama(directory, false);
    TinyModel.change(Adapter.attach(everywhere, LORA, 1));
    assertArrayEquals(logits(everywhere, List.of(atFirst)), rows(adapted, 13, 16), 1e-5f);
  }

  @Test
  void whatIsWrittenGoesOnAsThePromptEnded() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    TinyModel.change(Adapter.attach(model, ALORA, 1));
    PretrainedModel base = TinyModel.llama(directory, false);
    List<int[]> prompts = List.of(new int[] {5, 7, 8, 9}, new int[] {5, 6, 7});
    var written = new Generator(model).generate(prompts, GenerationSettings.GREEDY.withMaxNewTokens(6));
    int[] woken = prompts.getFirst();
    for (int token : written.getFirst().tokens()) {
      assertEquals(best(inTwoParts(woken, 1)), token);
      woken = Arrays.copyOf(woken, woken.length + 1);
      woken[woken.length - 1] = token;
    }
    var plain = new Generator(base).generate(prompts, GenerationSettings.GREEDY.withMaxNewTokens(6));
    assertArrayEquals(plain.getLast().tokens(), written.getLast().tokens(), "no prompt woke it");
  }

  private static int best(float[] logits) {
    int last = logits.length - VOCABULARY;
    return IntStream.range(0, VOCABULARY).reduce((a, b) -> logits[last + b] > logits[last + a] ? b : a).orElseThrow();
  }

  @Test
  void itIsStoredWithItsTokensAndCannotBeMerged() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    Adapter adapter = Adapter.attach(model, ALORA, 1);
    TinyModel.change(adapter);
    AdapterFiles.save(adapter, directory, "base");
    PretrainedModel again = TinyModel.llama(directory, false);
    Adapter loaded = AdapterFiles.load(directory, again);
    List<int[]> batch = List.of(new int[] {5, 7, 8, 9});
    assertArrayEquals(logits(model, batch), logits(again, batch));
    String message = assertThrows(AdapterException.class, loaded::merge).getMessage();
    assertTrue(message.startsWith("alora_invocation_tokens cannot be merged"), message);
    loaded.detach();
    assertArrayEquals(logits(TinyModel.llama(directory, false), batch), logits(again, batch));
  }

  @Test
  void onlyLinearLayersWithinALanguageModelCanWait() throws IOException {
    PretrainedModel bert = TinyModel.bert(directory, Task.SEQUENCE_CLASSIFICATION);
    assertTrue(refused(bert, ALORA).contains("the model is for SEQUENCE_CLASSIFICATION"));
    PretrainedModel llama = TinyModel.llama(directory, false);
    assertTrue(refused(llama, ALORA.withTargets(List.of("lm_head"))).contains("lm_head is the head"));
    assertTrue(refused(llama, ALORA.withTargets(List.of("embed_tokens"))).contains("model.embed_tokens is a table"));
  }

  private static String refused(PretrainedModel model, LoraConfig config) {
    return assertThrows(AdapterException.class, () -> Adapter.attach(model, config, 1)).getMessage();
  }
}
