package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.io.Safetensors;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.lora.LoraConfig;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.fixture.ChildJvm;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/**
 * Twenty bugs that users of other trainers have met, and for each the test that would catch it here: in this class or, by
 * name, in another one.
 */
class ClassicBugsTest {
  /** A bug and the tests that catch it, as CLASS.METHOD below the tests of a module. */
  private record Guard(String bug, String module, String... tests) {}

  private static final List<Guard> GUARDS = List.of(
      new Guard("1 truncation masks every label, and the run reports loss 0", "train",
          "LanguageEncoderTest.rowsThatLoseAllTheyTeachAreDroppedCountedAndBeyondFivePercentRefused",
          "DivergenceGuardTest.aStepWithoutAnythingToLearnIsAnError"),
      new Guard("2 the boundary of the mask is wrong", "train",
          "LanguageEncoderTest.aTokenAcrossThePromptsEndIsLearntAndCounted"),
      new Guard("2 a rendered prompt is no prefix of the conversation", "tokenizer",
          "AssistantMaskTest.tokensThatJoinAcrossTheCutAreRefused",
          "AssistantMaskTest.aTemplateThatRewritesEarlierTurnsIsRefused"),
      new Guard("3 the prompt is learnt although nobody wanted that", "train",
          "LanguageEncoderTest.ofACompletionTheCompletionAndTheEndAreLearnt",
          "LanguageEncoderTest.ofAConversationTheAssistantsWordsAreLearntWithTheirEnd"),
      new Guard("4 masking by id takes the end token's label away", "train",
          "LanguageEncoderTest.anEndTokenInThePromptIsNotLearntAndThatAtTheEndIs",
          "LanguageCommandsTest.anAdapterLearnsTheCompletionAndStops"),
      new Guard("5 the beginning of sequence stands twice", "tokenizer",
          "ChatTemplateTest.encodingRefusesASecondBeginningOfSequence"),
      new Guard("6 another template or stop token when served", "train", "ChatTemplateTest.itIsUsedAndSavedWithTheAdapter",
          "LanguageCommandsTest.anAdapterLearnsTheCompletionAndStops"),
      new Guard("6 the model's own stops are not read", "nn", "GenerationFixturesTest.settingsOfADirectoryAreRead",
          "GenerationFixturesTest.textsEndAtEndTokensStopStringsAndLengths"),
      new Guard("6 the stored template is another", "tokenizer", "ChatTemplatesTest.aStoredTemplateIsReadBackByteForByte"),
      new Guard("7 accumulation averages means of batches", "train",
          "RaggedFixturesTest.anySplitIntoBatchesGivesTheGradientsOfTheWhole",
          "RaggedFixturesTest.theTrainerGivesTheSameRunForOneBatchOfEightAndEightOfOne"),
      new Guard("8 the schedule steps per batch, the last window is thrown away", "train",
          "TrainerTest.theLastPartialWindowIsAStepOfItsOwn"),
      new Guard("9 resume brings back weights alone", "train", "ResumeTest.aStoppedRunGoesOnToTheSameBits",
          "KillTest.aKilledRunEndsWithTheSameBits"),
      new Guard("10 the best model is not the one that is kept", "train",
          "TrainerTest.theParametersWithTheLowestHeldOutLossAreLeft"),
      new Guard("11 an adapter of another base is loaded", "train", "MainTest.anAdapterOfAnotherBaseIsAnError"),
      new Guard("12 keys of an adapter are silently not loaded", "train", "ClassicBugsTest.aKeyMoreOrLessInAnAdapterIsAnError"),
      new Guard("12 a stored adapter answers otherwise", "lora", "StoredAdaptersTest.storedAdaptersGiveTheLogitsOfPeft"),
      new Guard("13 the classification head is random after loading", "train",
          "ClassicBugsTest.aReloadedClassifierAnswersAsBefore"),
      new Guard("14 recomputed blocks with frozen embeddings get no gradient", "train",
          "ClassicBugsTest.recomputedBlocksBehindFrozenEmbeddingsAreTrained",
          "DivergenceGuardTest.everyTrainedTensorGetsAGradient"),
      new Guard("15 a loss that is not finite poisons the weights", "train",
          "DivergenceGuardTest.aStepThatIsNotFiniteIsSkippedAndItsTensorNamed"),
      new Guard("16 merging changes answers", "lora", "StoredAdaptersTest.mergingGivesTheWeightsAndLogitsOfPeft"),
      new Guard("16 merging into a base of 4 bits rounds the adapter away", "train",
          "QuantizedBaseTest.mergingIntoAQuantisedBaseQuantisesNothingAgain",
          "QuantizedCommandsTest.mergingSaysWhatTheAdapterWasTrainedOn"),
      new Guard("17 packed documents see each other", "train", "RaggedFixturesTest.packedDocumentsDoNotSeeEachOther"),
      new Guard("18 generation in a batch is not generation alone", "nn",
          "GenerationFixturesTest.greedyTokensAreThoseOfTransformersAloneAndInCompany"),
      new Guard("19 memory runs out late, on one long row", "train",
          "DivergenceGuardTest.theLongestBatchRunsAfterTheFirstStepAndChangesNothing"),
      new Guard("19 the head holds all logits", "autograd", "LinearCrossEntropyTest.logitsOfNoMoreThanAChunkAreEverInMemory"),
      new Guard("20 backends disagree", "core", "MatMulTest.agreesWithFloat64", "OptimizerTest.stepsFollowTheDefinition"),
      new Guard("20 backends disagree after some steps", "train", "ClassicBugsTest.twentyStepsHaveTheSameLossesOnBothBackends"));

  @TempDir
  Path directory;

  @TestFactory
  Stream<DynamicTest> everyBugHasATestThatWouldCatchIt() {
    return GUARDS.stream().map(guard -> DynamicTest.dynamicTest(guard.bug, () -> {
      for (String test : guard.tests) {
        String[] parts = test.split("\\.", -1);
        assertTrue(source(guard.module, parts[0]).contains("void " + parts[1]), "no test " + test + " in " + guard.module);
      }
    }));
  }

  @Test
  void noneOfTheTwentyIsForgotten() {
    assertEquals(IntStream.rangeClosed(1, 20).boxed().toList(),
        GUARDS.stream().map(guard -> Integer.parseInt(guard.bug.split(" ")[0])).distinct().toList());
  }

  private static String source(String module, String test) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "test", "java"))) {
      List<Path> found = files.filter(file -> file.getFileName().toString().equals(test + ".java")).toList();
      StringBuilder text = new StringBuilder();
      for (Path file : found) {
        text.append(Files.readString(file));
      }
      return text.toString();
    }
  }

  private static Dataset<Example.Labelled> rows() {
    return Dataset.of("memory", IntStream.range(0, 24).mapToObj(i -> new Example.Labelled((i % 2 == 0 ? "good " : "bad ")
        + (char) ('a' + i), i % 2 == 0 ? "up" : "down")).toList());
  }

  private ClassifierTuning trained(boolean recompute) throws IOException {
    Path model = TinyModel.write(directory.resolve("model"));
    ClassifierTuning tuning = ClassifierTuning.lora(model, LabelSet.of(rows()), LoraConfig.of(4, 8), 1);
    List<String> warnings = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onWarning(String message) {
        warnings.add(message);
      }
    });
    tuning.train(rows(), null, TrainConfig.defaults(1e-2).with("batch_size", 8).with("gradient_checkpointing", recompute));
    assertEquals(List.of(), warnings, "no gradient reaches some tensor");
    return tuning;
  }

  @Test
  void recomputedBlocksBehindFrozenEmbeddingsAreTrained() throws IOException {
    List<Parameter> plain = List.copyOf(trained(false).parameters());
    List<Parameter> recomputed = List.copyOf(trained(true).parameters());
    for (int i = 0; i < plain.size(); i++) {
      assertArrayEquals(plain.get(i).value().toFloatArray(), recomputed.get(i).value().toFloatArray(), plain.get(i).name());
      boolean moved = false;
      for (float value : plain.get(i).value().toFloatArray()) {
        moved |= value != 0;
      }
      assertTrue(moved, plain.get(i).name() + " is still zero");
    }
  }

  @Test
  void twentyStepsHaveTheSameLossesOnBothBackends() throws Exception {
    Path model = TinyModel.write(directory.resolve("model"));
    Path data = Files.writeString(directory.resolve("reviews.csv"), TinyModel.reviews(80));
    List<double[]> losses = new ArrayList<>();
    List<String> backends = List.of("vector", "scalar");
    Queue<Process> processes = new ArrayDeque<>();
    for (String backend : backends) {
      Path out = directory.resolve(backend);
      Path printed = directory.resolve(backend + ".txt");
      processes.add(ChildJvm.java(List.of("-Dhone.backend=" + backend, "-Dhone.threads=1", "dev.hone.train.cli.Main", "train",
          "--model", model.toString(), "--data", data.toString(), "--output-dir", out.toString(), "--method", "full",
          "--batch-size", "40", "--max-steps", "20", "--learning-rate", "0.01", "--val-size", "0", "--report-to", "none"))
          .redirectErrorStream(true).redirectOutput(printed.toFile()).start());
    }
    for (String backend : backends) {
      assertEquals(0, processes.remove().waitFor(), Files.readString(directory.resolve(backend + ".txt")));
      Path out = directory.resolve(backend);
      losses.add(Files.readAllLines(out.resolve("metrics.jsonl")).stream()
          .mapToDouble(line -> JsonMapper.shared().readTree(line).path("loss").asDouble()).toArray());
    }
    assertEquals(20, losses.getFirst().length);
    assertTrue(losses.getFirst()[19] < 0.9 * losses.getFirst()[0], "it learns: " + Arrays.toString(losses.getFirst()));
    assertArrayEquals(losses.getFirst(), losses.getLast(), 1e-5);
  }

  @Test
  void aReloadedClassifierAnswersAsBefore() throws IOException {
    ClassifierTuning tuning = trained(false);
    List<String> texts = List.of("good x", "bad y");
    tuning.save(directory.resolve("adapter"));
    TextClassifier again = TextClassifier.load(directory.resolve("model"), directory.resolve("adapter"));
    assertEquals(List.of("down", "up"), again.model().labels().names());
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(tuning.classifier().predict(texts).get(i).probabilities(), again.predict(texts).get(i).probabilities());
    }
  }

  @Test
  void aKeyMoreOrLessInAnAdapterIsAnError() throws IOException {
    trained(false).save(directory.resolve("adapter"));
    Path file = directory.resolve("adapter/adapter_model.safetensors");
    Safetensors stored = Safetensors.open(file);
    List<String> names = List.copyOf(stored.names());
    for (boolean more : new boolean[] {true, false}) {
      Path other = Files.createDirectories(directory.resolve("other" + more));
      try (Stream<Path> files = Files.list(directory.resolve("adapter"))) {
        for (Path each : files.toList()) {
          Files.copy(each, other.resolve(each.getFileName()));
        }
      }
      SafetensorsWriter writer = new SafetensorsWriter();
      names.stream().skip(more ? 0 : 1).forEach(name -> writer.add(name, stored.tensor(name)));
      String strange = names.getFirst().replace("layer.0", "layer.7");
      if (more) {
        writer.add(strange, stored.tensor(names.getFirst()));
      }
      writer.write(other.resolve("adapter_model.safetensors"));
      RuntimeException e = assertThrows(RuntimeException.class,
          () -> TextClassifier.load(directory.resolve("model"), other));
      assertTrue(e.getMessage().contains(more ? strange : names.getFirst()), e.getMessage());
    }
  }
}
