package dev.hone.train.task.tag;

import static dev.hone.train.fixture.Fixtures.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.core.io.Safetensors;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.encode.WordEncoder;
import dev.hone.train.fixture.Fixtures;
import dev.hone.train.infer.TextTagger;
import dev.hone.train.metric.Average;
import dev.hone.train.metric.Scores;
import dev.hone.train.metric.TagSpan;
import dev.hone.train.metric.SpanScores;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.optim.ParameterGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Token classification beside transformers: ids and labels of words, logits, spans, scores, loss, gradients and four steps. */
@Tag("fixtures")
class TagFixturesTest {
  private static final Path ROOT = Path.of(System.getProperty("hone.fixtures.tasks",
      Path.of(System.getProperty("hone.shared", "../../shared")).resolve("reference/fixtures").toString()));
  private static final Path FOLDER = ROOT.resolve("token_cls");

  @BeforeEach
  void skipWithoutFixtures() {
    assumeTrue(Files.exists(FOLDER), "no fixtures at " + FOLDER);
  }

  private static int[] ints(JsonNode list) {
    return IntStream.range(0, list.size()).map(i -> list.get(i).asInt()).toArray();
  }

  private static List<String> texts(JsonNode list) {
    return list.valueStream().map(node -> node.isNull() ? "O" : node.asString()).toList();
  }

  private static List<TagSpan> spans(JsonNode list) {
    return list.valueStream().map(span -> new TagSpan(span.get(0).asString(), span.get(1).asInt(), span.get(2).asInt())).toList();
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"bert", "distilbert", "roberta"})
  void wordsAreTokensLabelsAndTagsAsInTransformers(String name) throws IOException {
    JsonNode file = Fixtures.json(FOLDER.resolve(name + ".json"));
    Path directory = ROOT.resolve(file.path("model").asString());
    Tokenizer tokenizer = Tokenizer.load(directory);
    int most = file.path("max_length").asInt();
    for (JsonNode row : file.path("rows")) {
      Example.Tagged tagged = Example.Tagged.of(texts(row.path("words")), texts(row.path("tags")));
      List<WordEncoder.Window> windows = new WordEncoder(tokenizer, most)
          .windows(tagged.text(), TextTagger.starts(tagged), TextTagger.ends(tagged));
      assertArrayEquals(ints(row.path("input_ids")), windows.getFirst().tokens(), row.path("words").toString());
      boolean cut = windows.size() > 1;
      int[] words = cut ? new WordEncoder(tokenizer, 1000).windows(tagged.text(), TextTagger.starts(tagged),
          TextTagger.ends(tagged)).getFirst().words() : windows.getFirst().words();
      int[] labels = ints(row.path("labels"));
      List<String> tags = texts(file.path("tags"));
      for (int t = 0; t < labels.length - (cut ? 1 : 0); t++) {
        assertEquals(labels[t] < 0 ? -1 : labels[t], words[t] < 0 ? -1 : tags.indexOf(tagged.tags().get(words[t])),
            "label of token " + t + " of " + row.path("tokens"));
      }
      int[] seen = new int[tagged.words().size()];
      windows.forEach(window -> Arrays.stream(window.words()).filter(word -> word >= 0).forEach(word -> seen[word]++));
      for (int w = 0; w < seen.length; w++) {
        boolean none = !cut && row.path("first_piece").get(w).isNull();
        assertEquals(none ? 0 : 1, seen[w], "windows that word " + w + " is labelled in");
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"bert", "distilbert", "roberta"})
  void logitsLossGradientsAndStepsAreThoseOfTransformers(String name) {
    JsonNode file = Fixtures.json(FOLDER.resolve(name + ".json"));
    PretrainedModel model = PretrainedModel.load(ROOT.resolve(file.path("model").asString()), Task.TOKEN_CLASSIFICATION);
    Safetensors stored = Fixtures.tensors(FOLDER.resolve(name + ".safetensors"));
    List<int[]> tokens = new ArrayList<>();
    List<TagObjective.Tags> targets = new ArrayList<>();
    file.path("rows").forEach(row -> {
      tokens.add(ints(row.path("input_ids")));
      targets.add(new TagObjective.Tags(IntStream.of(ints(row.path("labels"))).map(label -> Math.max(-1, label)).toArray()));
    });
    TrainingSet set = new TrainingSet(tokens, null, targets);
    int[] all = IntStream.range(0, set.size()).toArray();
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      for (int i : all) {
        assertClose("logits of row " + i, stored.tensor("logits." + i).toFloatArray(),
            model.forward(set.batch(new int[] {i}).tokens(), Pass.inference()).value().toFloatArray(), 0, 2e-5);
      }
    }
    model.setTrainable(true);
    Map<String, Parameter> parameters = model.parameters();
    List<Parameter> trained = List.copyOf(parameters.values());
    TagObjective objective = new TagObjective(CrossEntropySettings.PLAIN);
    assertEquals(file.path("counted_labels").asInt(), objective.items(set.batch(all)));
    float scale = 1f / objective.items(set.batch(all));
    JsonNode training = file.path("training");
    ParameterGroup group = new ParameterGroup(new AdamW(0.9, 0.999, 1e-8), 1, training.path("weight_decay").asDouble());
    Optimizer optimizer = new Optimizer(trained, _ -> group);
    for (int step = 0; step < training.path("steps").asInt(); step++) {
      try (Scope _ = Scope.open()) {
        Variable loss = objective.answer(model, set.batch(all), scale, Pass.training(1, step)).loss();
        assertEquals(training.path("losses_f64").get(step).asDouble(), loss.value().item(),
            step == 0 ? 1e-5 : 1e-4, "loss " + step);
        loss.backward();
      }
      if (step == 0) {
        for (JsonNode parameter : file.path("stored_parameters")) {
          assertClose("gradient of " + parameter, stored.tensor("grad." + parameter.asString()).toFloatArray(),
              parameters.get(parameter.asString()).gradient().toFloatArray(), 1e-4, 3e-5);
        }
      }
      double norm = Gradients.norm(trained);
      assertEquals(training.path("grad_norms_f64").get(step).asDouble(), norm, 1e-4 * Math.max(1, norm), "norm of step " + step);
      optimizer.step(training.path("lr").asDouble(), Gradients.clipScale(norm, training.path("clip_grad_norm").asDouble()));
      Gradients.clear(trained);
    }
    for (JsonNode parameter : file.path("stored_parameters")) {
      if (file.path("trained_params_f32_noise").path(parameter.asString()).asDouble(0) <= 1e-4) {
        assertClose("trained " + parameter, stored.tensor("trained." + parameter.asString()).toFloatArray(),
            parameters.get(parameter.asString()).value().toFloatArray(), 0, 1e-4);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"bert", "distilbert", "roberta"})
  void spansAndScoresOfPredictionsAreSeqevals(String name) {
    JsonNode file = Fixtures.json(FOLDER.resolve(name + ".json"));
    List<List<String>> truth = new ArrayList<>();
    List<List<String>> predicted = new ArrayList<>();
    file.path("rows").forEach(row -> {
      truth.add(texts(row.path("tags")));
      predicted.add(texts(row.path("predicted_tags")));
      assertEquals(spans(row.path("predicted_spans").path("default")), TagSpan.of(predicted.getLast()));
      assertEquals(spans(row.path("predicted_spans").path("strict")), TagSpan.strict(predicted.getLast()));
    });
    scores(file.path("scores").path("default").path("unseen_words_as_O"), truth, predicted, false);
    scores(file.path("scores").path("strict").path("unseen_words_as_O"), truth, predicted, true);
  }

  @Test
  void spansThatWereWorkedOutByHand() {
    JsonNode file = Fixtures.json(FOLDER.resolve("span_f1.json"));
    List<List<String>> truth = new ArrayList<>();
    List<List<String>> predicted = new ArrayList<>();
    for (JsonNode sequence : file.path("sequences")) {
      List<String> wanted = texts(sequence.path("true"));
      List<String> given = texts(sequence.path("predicted"));
      String what = sequence.path("name").asString();
      assertEquals(spans(sequence.path("default").path("true_spans")), TagSpan.of(wanted), what);
      assertEquals(spans(sequence.path("default").path("predicted_spans")), TagSpan.of(given), what);
      assertEquals(spans(sequence.path("strict").path("true_spans")), TagSpan.strict(wanted), what);
      assertEquals(spans(sequence.path("strict").path("predicted_spans")), TagSpan.strict(given), what);
      scores(sequence.path("default"), List.of(wanted), List.of(given), false);
      scores(sequence.path("strict"), List.of(wanted), List.of(given), true);
      truth.add(wanted);
      predicted.add(given);
    }
    scores(file.path("together").path("default"), truth, predicted, false);
    scores(file.path("together").path("strict"), truth, predicted, true);
  }

  private static void scores(JsonNode expected, List<List<String>> truth, List<List<String>> predicted, boolean strict) {
    SpanScores scores = SpanScores.of(truth.stream().map(tags -> strict ? TagSpan.strict(tags) : TagSpan.of(tags)).toList(),
        predicted.stream().map(tags -> strict ? TagSpan.strict(tags) : TagSpan.of(tags)).toList());
    same(expected.path("micro"), scores.scores(Average.MICRO));
    same(expected.path("macro"), scores.scores(Average.MACRO));
    same(expected.path("weighted"), scores.scores(Average.WEIGHTED));
    assertEquals(List.copyOf(expected.path("per_type").propertyNames()), scores.types());
    for (int type = 0; type < scores.types().size(); type++) {
      JsonNode of = expected.path("per_type").path(scores.types().get(type));
      same(of, scores.scores(type));
      assertEquals(of.path("support").asLong(), scores.support(type));
    }
  }

  private static void same(JsonNode expected, Scores actual) {
    assertEquals(expected.path("precision").asDouble(), actual.precision(), 1e-12);
    assertEquals(expected.path("recall").asDouble(), actual.recall(), 1e-12);
    assertEquals(expected.path("f1").asDouble(), actual.f1(), 1e-12);
  }
}
