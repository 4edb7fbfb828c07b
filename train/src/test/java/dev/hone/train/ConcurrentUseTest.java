package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Variable;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Layer;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Linear;
import dev.hone.nn.LinearAdapter;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One model, many threads: right answers, or an exception. */
@Timeout(300)
class ConcurrentUseTest {
  @TempDir
  Path directory;

  private Path model;
  private Dataset<Example.Labelled> data;
  private List<String> texts;

  @BeforeEach
  void prepare() throws IOException {
    model = TinyModel.write(directory.resolve("model"));
    Path file = directory.resolve("reviews.csv");
    Files.writeString(file, TinyModel.reviews(80));
    data = Dataset.labelled(file, DataOptions.DETECT);
    texts = data.rows().stream().map(Example.Labelled::text).limit(40).toList(); // two batches
  }

  private ClassifierTuning tuning(int seed) throws IOException {
    return ClassifierTuning.lora(model, LabelSet.of(data), LoraConfig.of(4, 8), seed);
  }

  private static TrainConfig steps(int steps) {
    return TrainConfig.of(Map.of("max_steps", steps, "batch_size", 8, "learning_rate", 2e-2, "seed", 1));
  }

  /** An adapter of its own for each seed. */
  private Path adapter(int seed) throws IOException {
    ClassifierTuning tuning = tuning(seed);
    tuning.train(data, null, steps(4 + seed));
    Path out = directory.resolve("adapter" + seed);
    tuning.save(out);
    return out;
  }

  private static String bits(List<TextClassifier.Prediction> predictions) {
    StringBuilder text = new StringBuilder();
    predictions.forEach(prediction -> text.append(Arrays.toString(prediction.probabilities())).append('\n'));
    return text.toString();
  }

  @Test
  void everyAnswerUnderSwapsIsThatOfOneAdapter() throws Exception {
    Path a = adapter(1);
    Path b = adapter(2);
    String ofA = bits(TextClassifier.load(model, a).predict(texts));
    String ofB = bits(TextClassifier.load(model, b).predict(texts));
    assertFalse(ofA.equals(ofB));
    TextClassifier classifier = TextClassifier.withAdapters(model, Map.of("a", a, "b", b));
    classifier.adapters().activate("a");
    Set<String> wrong = ConcurrentHashMap.newKeySet();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicInteger calls = new AtomicInteger();
    List<Thread> users = new ArrayList<>();
    for (int u = 0; u < 12; u++) {
      int user = u;
      users.add((u % 2 == 0 ? Thread.ofPlatform() : Thread.ofVirtual()).start(() -> {
        try {
          for (int i = 0; i < 12; i++, calls.incrementAndGet()) {
            switch ((user + i) % 3) {
              case 0 -> check(wrong, Set.of(ofA), classifier.predict(texts, "a"));
              case 1 -> check(wrong, Set.of(ofB), classifier.predict(texts, "b"));
              default -> check(wrong, Set.of(ofA, ofB), classifier.predict(texts));
            }
          }
        } catch (Throwable t) {
          failure.set(t);
        }
      }));
    }
    for (int i = 0; calls.get() < 12 * 12 && failure.get() == null; i++) {
      classifier.adapters().activate(i % 2 == 0 ? "b" : "a");
      classifier.adapters().load("passing", i % 2 == 0 ? a : b);
      classifier.adapters().remove("passing");
    }
    for (Thread user : users) {
      user.join();
    }
    assertNull(failure.get());
    assertEquals(Set.of(), wrong);
  }

  private static void check(Set<String> wrong, Set<String> allowed, List<TextClassifier.Prediction> answer) {
    if (!allowed.contains(bits(answer))) {
      wrong.add(bits(answer));
    }
  }

  @Test
  void anAdapterOfOtherLabelsIsRefused() throws IOException {
    Path a = adapter(1);
    String labels = Files.readString(a.resolve(AdapterFiles.LABELS));
    Path other = adapter(2);
    Files.writeString(other.resolve(AdapterFiles.LABELS), labels.replace("down", "under"));
    TextClassifier classifier = TextClassifier.withAdapters(model, Map.of("a", a));
    String message = assertThrows(RuntimeException.class, () -> classifier.adapters().load("b", other)).getMessage();
    assertTrue(message.contains("the adapter answers with single_label_classification"), message);
    assertTrue(message.contains("under") && message.contains("down"), message);
  }

  /** A pass that waits in the first layer until it is released. */
  private static CountDownLatch[] block(PretrainedModel model) {
    CountDownLatch[] latches = {new CountDownLatch(1), new CountDownLatch(1)};
    Layer first = model.layers().values().stream().filter(layer -> layer instanceof Linear l && l.adapter() == null).findFirst()
        .orElseThrow();
    Linear linear = (Linear) first;
    linear.setAdapter(new LinearAdapter() {
      @Override
      public Variable forward(Variable x, Linear base, Pass pass) {
        latches[0].countDown();
        await(latches[1]);
        return base.base(x);
      }

      @Override
      public void visit(LayerVisitor visitor) {}
    });
    return latches;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void whatWouldChangeTheWeightsUnderAPassThrows() throws Exception {
    ClassifierTuning tuning = tuning(1);
    Adapter adapter = tuning.adapter();
    CountDownLatch[] latches = block(tuning.model());
    Thread user = Thread.ofPlatform().start(() -> tuning.classifier().predict(texts));
    await(latches[0]);
    for (Runnable change : List.<Runnable>of(adapter::detach, adapter::merge, () -> adapter.off().close())) {
      String message = assertThrows(IllegalStateException.class, change::run).getMessage();
      assertTrue(message.contains("the model is answering on another thread"), message);
    }
    String message = assertThrows(IllegalStateException.class, () -> tuning.train(data, null, steps(1))).getMessage();
    assertTrue(message.startsWith("train: the model is answering on another thread"), message);
    latches[1].countDown();
    user.join();
    adapter.detach();
    adapter.reattach();
    tuning.train(data, null, steps(1));
  }

  @Test
  void whoAsksAModelInTrainingGetsAnExceptionAndAListenerAnAnswer() throws Exception {
    ClassifierTuning tuning = tuning(1);
    AtomicReference<String> asked = new AtomicReference<>();
    AtomicReference<String> trained = new AtomicReference<>();
    AtomicReference<String> twice = new AtomicReference<>();
    List<TextClassifier.Prediction> within = new ArrayList<>();
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (step.step() != 2) {
          return;
        }
        Thread other = Thread.ofPlatform().start(() -> {
          asked.set(assertThrows(IllegalStateException.class, () -> tuning.classifier().predict(texts)).getMessage());
          trained.set(assertThrows(IllegalStateException.class, () -> tuning.train(data, null, steps(1))).getMessage());
          twice.set(assertThrows(IllegalStateException.class,
              () -> tuning.withMaxLength(32).train(data, null, steps(1))).getMessage());
        });
        try {
          other.join();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
        within.addAll(tuning.classifier().predict(texts));
      }
    });
    assertEquals(4, tuning.train(data, null, steps(4)).steps());
    assertTrue(asked.get().startsWith("forward: the model is being trained by thread '"), asked.get());
    assertTrue(trained.get().startsWith("train: a training of this model runs already"), trained.get());
    assertTrue(twice.get().startsWith("train: the model is being trained already, by thread '"), twice.get());
    assertEquals(texts.size(), within.size());
    assertEquals(texts.size(), tuning.classifier().predict(texts).size());
  }

  @Test
  void stoppingEndsOneRunAndNoneAfterIt() throws IOException {
    ClassifierTuning tuning = tuning(1);
    tuning.stop(); // nothing runs
    assertEquals(2, tuning.train(data, null, steps(2)).steps());
    boolean[] stop = {true};
    tuning.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        if (stop[0]) {
          tuning.stop();
        }
      }
    });
    assertEquals(1, tuning.train(data, null, steps(3)).steps());
    stop[0] = false;
    assertEquals(3, tuning.train(data, null, steps(3)).steps());
    Trainer trainer = tuning.trainer(tuning.encode(data), steps(2));
    trainer.stop();
    assertEquals(0, trainer.train(tuning.encode(data), null).steps());
    assertEquals(2, trainer.train(tuning.encode(data), null).steps());
  }

  @Test
  void oneBaseAnswersWhileAnAdapterOnItIsTrained() throws Exception {
    Path a = adapter(1);
    String ofA = bits(TextClassifier.load(model, a).predict(texts));
    TextClassifier classifier = TextClassifier.withAdapters(model, Map.of("a", a));
    Adapter next = classifier.adapters().add("next", LoraConfig.of(4, 8), 7);
    TrainingSet set = ClassifierTuning.encode(classifier, data);
    Trainer trainer = new Trainer(next.model(), next.parameters().values(),
        ClassificationObjective.of(next.model().labels()), steps(6));
    List<String> answers = new ArrayList<>();
    trainer.addListener(new TrainListener() {
      @Override
      public void onStep(Step step) {
        try {
          Thread.ofVirtual().start(() -> answers.add(bits(classifier.predict(texts, "a")))).join();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
    });
    trainer.train(set, null);
    assertEquals(List.of(ofA, ofA, ofA, ofA, ofA, ofA), answers);
    Path saved = directory.resolve("next");
    AdapterFiles.save(next, saved, model.toString());
    assertEquals(bits(classifier.predict(texts, "next")), bits(TextClassifier.load(model, saved).predict(texts)));
  }
}
