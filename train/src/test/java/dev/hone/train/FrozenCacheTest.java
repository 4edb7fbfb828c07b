package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.GradMode;
import dev.hone.core.Scope;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterConfig;
import dev.hone.lora.LoraConfig;
import dev.hone.lora.PrefixConfig;
import dev.hone.lora.SubsetConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.Task;
import dev.hone.nn.TokenBatch;
import dev.hone.nn.Work;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.Target;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What frozen layers make of a row is computed once, and no bit of a run tells. */
class FrozenCacheTest {
  private static final List<AdapterConfig> METHODS = List.of(SubsetConfig.head(), SubsetConfig.lastLayers(1),
      LoraConfig.of(4, 8).withTargets(List.of("layer.1.attention.self.query", "layer.1.output.dense")));

  @TempDir
  Path directory;

  private record Run(List<float[]> weights, List<Double> losses, List<String> warnings, Work work) {}

  private Run classifier(AdapterConfig method, Map<String, ?> settings) throws IOException {
    Path model = directory.resolve("model");
    if (!Files.exists(model)) {
      TinyModel.write(model);
    }
    Dataset<Example.Labelled> data = Dataset.labelled(Files.writeString(directory.resolve("reviews.csv"),
        TinyModel.reviews(40)), DataOptions.DETECT);
    ClassifierTuning tuning = ClassifierTuning.adapted(model, ClassifierTuning.labels(data, Labels.Kind.SINGLE_LABEL), method, 1);
    RunLog log = new RunLog();
    tuning.addListener(log);
    TrainConfig config = TrainConfig.of(Map.of("num_train_epochs", 3, "batch_size", 7, "learning_rate", 1e-2, "dropout", 0));
    for (Map.Entry<String, ?> setting : settings.entrySet()) {
      config = config.with(setting.getKey(), setting.getValue());
    }
    tuning.train(data, data, config);
    return new Run(tuning.parameters().stream().map(parameter -> parameter.value().toFloatArray()).toList(), log.losses(),
        log.warnings(), log.work());
  }

  @Test
  void noBitOfARunTellsThatItRemembers() throws IOException {
    for (AdapterConfig method : METHODS) {
      for (String unread : List.of("false", "true")) {
        Run remembering = classifier(method, Map.of("skip_unread_rows", unread));
        Run computing = classifier(method, Map.of("skip_unread_rows", unread, "cache_frozen", "off"));
        assertEquals(computing.losses, remembering.losses, method.peftType());
        for (int i = 0; i < computing.weights.size(); i++) {
          assertArrayEquals(computing.weights.get(i), remembering.weights.get(i), method.peftType());
        }
        assertEquals(List.of(), remembering.warnings);
        assertEquals(computing.work.total(), remembering.work.total());
        assertEquals(0, computing.work.frozen());
        // of three epochs with an evaluation each, all but the first look at the rows is remembered
        int frozen = method.equals(SubsetConfig.head()) ? 2 : 1;
        assertEquals(computing.work.total() / 2 * frozen * 5 / 6, remembering.work.frozen());
      }
    }
  }

  @Test
  void dropoutOfFrozenLayersIsSaidInALine() throws IOException {
    String line = "layers are computed in every step, as they have dropout (--dropout 0 computes them once)";
    assertEquals(List.of("cache_frozen: 2 frozen " + line), classifier(SubsetConfig.head(), Map.of("dropout", -1)).warnings);
    assertEquals(List.of("cache_frozen: 1 frozen " + line),
        classifier(SubsetConfig.lastLayers(1), Map.of("dropout", 0.2)).warnings);
    assertEquals(List.of(), classifier(SubsetConfig.head(), Map.of("dropout", -1, "num_train_epochs", 1)).warnings);
    assertEquals(List.of(), classifier(LoraConfig.of(4, 8), Map.of("dropout", -1)).warnings);
  }

  @Test
  void languageModelsRememberToo() throws IOException {
    Path model = TinyLanguageModel.write(directory.resolve("language"));
    Dataset<Example.Language> data = Dataset.language(Files.writeString(directory.resolve("rows.jsonl"),
        "{\"text\": \"once upon a time\"}\n{\"text\": \"once upon a hill\"}\n{\"text\": \"there was a fox\"}\n".repeat(5)),
        DataOptions.DETECT);
    List<float[]> found = new ArrayList<>();
    for (Map<String, String> settings : List.of(Map.of("cache_frozen", "off"), Map.of("cache_frozen", "auto"),
        Map.of("cache_frozen", "off", "share_prefixes", "auto", "skip_unread_rows", "true"),
        Map.of("cache_frozen", "auto", "share_prefixes", "auto", "skip_unread_rows", "true"))) {
      LanguageTuning tuning = LanguageTuning.adapted(model, SubsetConfig.lastLayers(1), 1);
      TrainConfig config = TrainConfig.of(Map.of("max_steps", 12, "batch_size", 6, "learning_rate", 1e-2));
      for (Map.Entry<String, String> setting : settings.entrySet()) {
        config = config.with(setting.getKey(), setting.getValue());
      }
      tuning.train(data, null, config);
      found.add(tuning.parameters().iterator().next().value().toFloatArray());
    }
    assertArrayEquals(found.get(0), found.get(1));
    assertArrayEquals(found.get(2), found.get(3), 1e-5f); // frozen layers share nothing
  }

  private static TokenBatch batch(int... lengths) {
    Random random = new Random(2);
    return TokenBatch.of(IntStream.of(lengths).mapToObj(length -> random.ints(length, 5, 60).toArray()).toList());
  }

  /** States of sequences as the layers make them. */
  private static float[] computed(PretrainedModel model, int depth, TokenBatch batch) {
    try (GradMode _ = GradMode.disabled(); Scope _ = Scope.open()) {
      Pass pass = Pass.inference();
      return model.backbone().layers(model.backbone().embed(batch, pass), 0, depth, null, batch, pass, hidden -> { }).value()
          .toFloatArray();
    }
  }

  @Test
  void whatIsRememberedIsInMemoryThenInAFileThenNowhere() throws IOException {
    PretrainedModel model = PretrainedModel.load(TinyModel.write(directory.resolve("model")), Task.EMBEDDING);
    TokenBatch batch = batch(5, 1, 30, 9, 5);
    float[] expected = computed(model, 2, batch);
    Path file = directory.resolve("checkpoints").resolve(FrozenCache.FILE);
    int row = 4 * 16; // bytes
    try (FrozenCache cache = new FrozenCache(2, Pass.Savings.NONE, 7 * (row + 4) + 2 * 128, file, 33 * row)) {
      for (int i = 0; i < 3; i++) {
        assertArrayEquals(expected, cache.of(model.backbone(), batch, null).value().toFloatArray());
      }
      assertEquals(30L * row, Files.size(file), "five and one in memory, thirty in the file, nine and five nowhere");
      assertEquals(15, cache.asked());
      assertEquals(6, cache.found(), "three of five the second and the third time");
    }
    assertFalse(Files.exists(file));
  }

  @Test
  void aSequencesStatesAreThoseOfItAlone() throws IOException {
    PretrainedModel model = PretrainedModel.load(TinyModel.write(directory.resolve("model"), 96, 512), Task.EMBEDDING);
    TokenBatch batch = batch(1, 2, 5, 8, 9, 31, 64, 65, 66, 130, 300);
    float[] together = computed(model, 2, batch);
    for (int s = 0; s < batch.sequences(); s++) {
      int[] tokens = Arrays.copyOfRange(batch.tokens(), batch.offsets()[s], batch.offsets()[s + 1]);
      assertArrayEquals(Arrays.copyOfRange(together, 96 * batch.offsets()[s], 96 * batch.offsets()[s + 1]),
          computed(model, 2, TokenBatch.of(List.of(tokens))), "of " + tokens.length + " tokens");
    }
  }

  @Test
  void layersAreFrozenUpToTheFirstThatIsTrained() throws IOException {
    Path directory = TinyModel.write(this.directory.resolve("model"));
    Labels labels = new Labels(List.of("a", "b"), Labels.Kind.SINGLE_LABEL);
    int[] depths = {2, 1, 1, 0, 0};
    List<AdapterConfig> methods = new ArrayList<>(METHODS);
    methods.add(LoraConfig.of(4, 8));
    methods.add(SubsetConfig.bitFit());
    for (int i = 0; i < depths.length; i++) {
      PretrainedModel model = PretrainedModel.load(directory, labels, 1);
      Adapter.attach(model, methods.get(i), 1);
      assertEquals(depths[i], model.backbone().frozenDepth(), methods.get(i).toString());
    }
    PretrainedModel words = PretrainedModel.load(directory, labels, 1);
    words.backbone().embeddings().weight().setTrainable(true);
    assertEquals(0, words.backbone().frozenDepth());
    PretrainedModel prefixed = PretrainedModel.load(directory, labels, 1);
    Adapter.attach(prefixed, PrefixConfig.of(3), 1);
    TrainingSet set = new TrainingSet(List.of(new int[] {7, 8}), null, List.of(new Target.OneClass(0)));
    assertNull(FrozenCache.of(prefixed, ClassificationObjective.of(labels), TrainConfig.defaults(1e-3), set, Pass.Savings.NONE,
        true, 1 << 20, null, line -> assertTrue(line.isEmpty())), "a prefix is seen by every layer");
  }
}
