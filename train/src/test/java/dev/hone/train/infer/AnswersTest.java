package dev.hone.train.infer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.nn.generate.Generated;
import dev.hone.nn.generate.GenerationSettings;
import dev.hone.nn.generate.StopReason;
import dev.hone.train.TinyLanguageModel;
import dev.hone.train.TinyModel;
import dev.hone.train.infer.TextClassifier.Prediction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an application does with answers: compares and prints them, ends them, prepares them. */
class AnswersTest {
  @TempDir
  Path directory;

  @AfterEach
  void forgetInterrupts() {
    Thread.interrupted();
  }

  @Test
  void predictionsAreEqualByValue() {
    Prediction one = new Prediction("up", 0.75f, new float[] {0.25f, 0.75f});
    Prediction same = new Prediction("up", 0.75f, new float[] {0.25f, 0.75f});
    assertEquals(one, same);
    assertEquals(one.hashCode(), same.hashCode());
    assertNotEquals(one, new Prediction("up", 0.75f, new float[] {0.5f, 0.75f}));
    assertNotEquals(one, new Prediction("down", 0.75f, new float[] {0.25f, 0.75f}));
    assertEquals("Prediction[label=up, probability=0.75, probabilities=[0.25, 0.75]]", one.toString());
    Generated text = new Generated(new int[] {3, 4}, StopReason.LENGTH);
    assertEquals(text, new Generated(new int[] {3, 4}, StopReason.LENGTH));
    assertEquals(text.hashCode(), new Generated(new int[] {3, 4}, StopReason.LENGTH).hashCode());
    assertNotEquals(text, new Generated(new int[] {3, 4}, StopReason.END_TOKEN));
    assertEquals("Generated[tokens=[3, 4], reason=LENGTH]", text.toString());
  }

  @Test
  void anInterruptEndsGenerationBeforeTheNextToken() throws IOException {
    TextGenerator generator = TextGenerator.load(TinyLanguageModel.write(directory), null);
    int[] prompt = generator.prompt("it is");
    GenerationSettings how = GenerationSettings.GREEDY.withMaxNewTokens(20);
    Generated whole = generator.generate(prompt, how, text -> { });
    assertEquals(StopReason.LENGTH, whole.reason());
    AtomicInteger tokens = new AtomicInteger();
    Generated part = generator.generate(prompt, how, text -> { }, () -> {
      if (tokens.incrementAndGet() == 5) {
        Thread.currentThread().interrupt();
      }
    });
    assertEquals(StopReason.INTERRUPTED, part.reason());
    assertArrayEquals(Arrays.copyOf(whole.tokens(), 5), part.tokens());
    assertTrue(Thread.currentThread().isInterrupted(), "the thread stays interrupted");
    assertEquals(new Generated(new int[0], StopReason.INTERRUPTED), generator.generate(prompt, how, text -> { }));
    assertThrows(CancellationException.class, () -> generator.generate("it is", how));
    assertThrows(CancellationException.class, () -> generator.generateAll(List.of(prompt), how));
    assertTrue(Thread.interrupted());
    assertEquals(whole, generator.generate(prompt, how, text -> { }));
  }

  @Test
  void aWarmUpChangesNoAnswerAndEndsWithAnInterrupt() throws IOException {
    TextEmbedder embedder = TextEmbedder.load(TinyModel.write(directory.resolve("encoder")));
    float[] before = embedder.embed("good");
    AtomicInteger requests = new AtomicInteger();
    WarmUp.run(() -> {
      if (requests.incrementAndGet() == 2) {
        Thread.currentThread().interrupt();
      }
    });
    assertEquals(2, requests.get());
    embedder.warmUp(); // at once: the thread is interrupted
    assertTrue(Thread.interrupted());
    embedder.warmUp();
    assertArrayEquals(before, embedder.embed("good"));
    TextGenerator.load(TinyLanguageModel.write(directory.resolve("decoder")), null).warmUp();
  }
}
