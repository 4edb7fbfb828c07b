package dev.hone.train.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.hone.train.fixture.ReferenceCases;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;

/** Against sacrebleu, torchmetrics (ROUGE) and the SQuAD rules. */
@Tag("fixtures")
class TextFixturesTest {
  private static final double TOLERANCE = 1e-9;

  private static final Map<String, Bleu> VARIANTS = Map.of(
      "bleu", Bleu.CORPUS,
      "bleu_lowercase", new Bleu(Bleu.Tokenization.MTEVAL_13A, true, Bleu.Smoothing.EXPONENTIAL, false),
      "bleu_no_tokenizer", new Bleu(Bleu.Tokenization.NONE, false, Bleu.Smoothing.EXPONENTIAL, false),
      "bleu_char", new Bleu(Bleu.Tokenization.CHARACTERS, false, Bleu.Smoothing.EXPONENTIAL, false),
      "bleu_intl", new Bleu(Bleu.Tokenization.INTERNATIONAL, false, Bleu.Smoothing.EXPONENTIAL, false),
      "bleu_floor", new Bleu(Bleu.Tokenization.MTEVAL_13A, false, Bleu.Smoothing.FLOOR, false),
      "bleu_add_k", new Bleu(Bleu.Tokenization.MTEVAL_13A, false, Bleu.Smoothing.ADD_ONE, false),
      "bleu_no_smoothing", new Bleu(Bleu.Tokenization.MTEVAL_13A, false, Bleu.Smoothing.NONE, false));

  @TestFactory
  Stream<DynamicTest> bleuAgreesWithAndWithoutEffectiveOrder() {
    return ReferenceCases.tests("metrics/metrics.json", all -> all.get("corpus_bleu").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> {
          List<String> predictions = ReferenceCases.strings(c.get("hypotheses"));
          same(c.get("default"), Bleu.CORPUS.score(predictions, bySentence(c)));
          same(c.get("effective_order"), Bleu.SENTENCE.score(predictions, bySentence(c)));
        })));
  }

  @TestFactory
  Stream<DynamicTest> bleuVariantsAndChrFAgree() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("bleu_chrf").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> {
          List<String> predictions = ReferenceCases.strings(c.get("hypotheses"));
          List<List<String>> references = bySentence(c);
          VARIANTS.forEach((name, bleu) -> {
            Bleu.Score score = bleu.score(predictions, references);
            JsonNode expected = c.get(name);
            assertEquals(expected.get("score").asDouble(), score.value(), TOLERANCE, name);
            assertEquals(expected.get("brevity_penalty").asDouble(), score.brevityPenalty(), TOLERANCE, name);
            assertEquals(expected.get("sys_len").asLong(), score.length(), name);
            assertEquals(expected.get("ref_len").asLong(), score.referenceLength(), name);
          });
          same(c.get("bleu"), Bleu.CORPUS.score(predictions, references));
          assertEquals(c.get("chrf").asDouble(), ChrF.CHRF.score(predictions, references), TOLERANCE);
          assertEquals(c.get("chrf_plus_plus").asDouble(), ChrF.CHRF_PLUS_PLUS.score(predictions, references), TOLERANCE);
          for (int i = 0; i < predictions.size(); i++) {
            List<String> one = predictions.subList(i, i + 1);
            List<List<String>> wanted = references.subList(i, i + 1);
            assertEquals(c.get("sentence_bleu").get(i).asDouble(), Bleu.SENTENCE.score(one, wanted).value(), TOLERANCE);
            assertEquals(c.get("chrf_sentences").get(i).asDouble(), ChrF.CHRF.score(one, wanted), TOLERANCE);
            assertEquals(c.get("chrf_plus_plus_sentences").get(i).asDouble(), ChrF.CHRF_PLUS_PLUS.score(one, wanted), TOLERANCE);
          }
        })));
  }

  @TestFactory
  Stream<DynamicTest> rougeAgrees() {
    Map<String, Rouge> measures = Map.of("rouge1", Rouge.ROUGE_1, "rouge2", Rouge.ROUGE_2, "rougeL", Rouge.ROUGE_L,
        "rougeLsum", Rouge.ROUGE_L_SUM);
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("rouge").valueStream()
        .map(c -> DynamicTest.dynamicTest(c.get("name").asString(), () -> measures.forEach((name, rouge) -> {
          List<String> predictions = ReferenceCases.strings(c.get("hypotheses"));
          List<List<String>> references = c.get("references").valueStream().map(ReferenceCases::strings).toList();
          same(c.get("best").get(name), rouge.best(predictions, references), name);
          same(c.get("avg").get(name), rouge.average(predictions, references), name);
        }))));
  }

  @TestFactory
  Stream<DynamicTest> answersAgreeWithSquad() {
    return ReferenceCases.tests("metrics_more/metrics_more.json", all -> all.get("squad").valueStream()
        .map(c -> DynamicTest.dynamicTest("'" + c.get("prediction").asString() + "'", () -> {
          String prediction = c.get("prediction").asString();
          List<String> references = ReferenceCases.strings(c.get("references"));
          assertEquals(c.get("normalized").asString(), QuestionAnswering.normalized(prediction));
          assertEquals(c.get("exact_match").asDouble(), QuestionAnswering.exactMatch(prediction, references));
          assertEquals(c.get("f1").asDouble(), QuestionAnswering.f1(prediction, references), TOLERANCE);
        })));
  }

  /** The files list the references by set, the measures take them by sentence. */
  private static List<List<String>> bySentence(JsonNode c) {
    List<List<String>> sets = c.get("references").valueStream().map(ReferenceCases::strings).toList();
    return IntStream.range(0, c.get("hypotheses").size())
        .mapToObj(i -> sets.stream().map(set -> set.get(i)).toList()).toList();
  }

  private static void same(JsonNode expected, Bleu.Score score) {
    assertEquals(expected.get("score").asDouble(), score.value(), TOLERANCE);
    assertEquals(expected.get("brevity_penalty").asDouble(), score.brevityPenalty(), TOLERANCE);
    assertArrayEquals(longs(expected.get("counts")), score.hits());
    assertArrayEquals(longs(expected.get("totals")), score.totals());
  }

  private static long[] longs(JsonNode list) {
    return LongStream.of(IntStream.of(ReferenceCases.ints(list)).asLongStream().toArray()).toArray();
  }

  private static void same(JsonNode expected, Scores scores, String name) {
    assertEquals(expected.get("precision").asDouble(), scores.precision(), TOLERANCE, name);
    assertEquals(expected.get("recall").asDouble(), scores.recall(), TOLERANCE, name);
    assertEquals(expected.get("fmeasure").asDouble(), scores.f1(), TOLERANCE, name);
  }
}
