package dev.hone.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What holds for every text: bytes come back, time stays linear, threads do not matter. {@code -Dhone.seed=N} repeats a run,
 * {@code -Dhone.strings=100000} tries so many.
 */
@Tag("tokenizers")
class RoundTripTest {
  private static final int STRINGS = Integer.getInteger("hone.strings", 20_000);

  private static Tokenizer own(String name) throws IOException, URISyntaxException {
    return Tokenizer.load(OwnTokenizersTest.root().resolve(name));
  }

  /** Up to 23 code points of every plane, mostly where scripts, spaces and marks are; never half a pair. */
  private static String random(Random random) {
    StringBuilder out = new StringBuilder();
    for (int n = random.nextInt(24); n > 0; n--) {
      int c = switch (random.nextInt(6)) {
        case 0 -> random.nextInt(0x80);
        case 1 -> random.nextInt(0x3000);
        case 2 -> " \t\n\r\u00a0\u2028'.1aS".charAt(random.nextInt(11));
        case 3 -> random.nextInt(0x10000);
        case 4 -> 0x1F300 + random.nextInt(0x300);
        default -> random.nextInt(Character.MAX_CODE_POINT + 1);
      };
      out.appendCodePoint(c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? ' ' : c);
    }
    return out.toString();
  }

  @ParameterizedTest
  @ValueSource(strings = {"roberta", "llama3", "gpt4o"})
  void decodingGivesTheTextBack(String name) throws IOException, URISyntaxException {
    Tokenizer tokenizer = own(name);
    long seed = Long.getLong("hone.seed", 20_261_130);
    System.out.println("RoundTripTest " + name + ": -Dhone.seed=" + seed);
    Random random = new Random(seed);
    for (int i = 0; i < STRINGS; i++) {
      String text = random(random);
      String back = tokenizer.decode(tokenizer.encode(text, EncodeOptions.PLAIN).ids(), false);
      if (!text.equals(back)) {
        assertEquals(text, back, "string " + i + ", -Dhone.seed=" + seed);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"roberta", "llama3", "sentencepiece", "unigram", "bert"})
  void aTextWithoutAnySpaceTakesLinearTime(String name) throws IOException, URISyntaxException {
    Tokenizer tokenizer = own(name);
    String piece = "thelighthousekeeperwrotedowntheshipsthatpassed";
    long one = nanos(tokenizer, piece.repeat(400_000 / piece.length()));
    long ten = nanos(tokenizer, piece.repeat(4_000_000 / piece.length()));
    // Ten times the text takes about ten times as long, less since all is compiled by then; in square time a hundred times.
    assertTrue(ten < 30 * one, () -> "0.4 MB took " + one / 1e9 + " s, 4 MB " + ten / 1e9 + " s");
  }

  /** Time of this thread on a processor, so that a busy machine does not fail the test. */
  private static long nanos(Tokenizer tokenizer, String text) {
    ThreadMXBean thread = ManagementFactory.getThreadMXBean();
    long start = thread.getCurrentThreadCpuTime();
    tokenizer.encode(text);
    return thread.getCurrentThreadCpuTime() - start;
  }

  @Test
  void oneTokenizerServesManyThreads() throws Exception {
    for (String name : List.of("llama3", "unigram", "bert", "sentencepiece")) {
      Tokenizer tokenizer = own(name);
      Random random = new Random(7);
      List<String> texts = IntStream.range(0, 2_000).mapToObj(i -> random(random) + " the ledger " + i).toList();
      List<int[]> alone = texts.stream().map(text -> tokenizer.encode(text).ids()).toList();
      try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
        List<Future<List<int[]>>> all = IntStream.range(0, 4)
            .mapToObj(t -> threads.submit(() -> texts.stream().map(text -> tokenizer.encode(text).ids()).toList())).toList();
        for (Future<List<int[]>> one : all) {
          for (int i = 0; i < texts.size(); i++) {
            assertArrayEquals(alone.get(i), one.get().get(i), texts.get(i));
          }
        }
      }
      List<Encoding> together = tokenizer.encodeAll(texts, EncodeOptions.DEFAULT, 4);
      for (int i = 0; i < texts.size(); i++) {
        assertArrayEquals(alone.get(i), together.get(i).ids(), texts.get(i));
      }
    }
  }
}
