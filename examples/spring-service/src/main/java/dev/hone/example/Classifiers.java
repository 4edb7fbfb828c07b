package dev.hone.example;

import dev.hone.core.parallel.Workers;
import dev.hone.lora.Adapter;
import dev.hone.lora.LoraConfig;
import dev.hone.train.TrainConfig;
import dev.hone.train.Trainer;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.classify.ClassificationObjective;
import dev.hone.train.task.classify.ClassifierTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/** The model of the service with its adapters, from start to undeployment. */
@Component
class Classifiers implements DisposableBean {
  private final TextClassifier classifier;
  private final Path data;
  private Trainer trainer; // null: nothing is trained
  private Thread training;
  private int number;

  /**
   * Loads the model.
   *
   * @param model a directory, or {@code maven:group:artifact:version}
   * @param adapters directories, separated by commas; each is called by its name
   * @param data rows for trainings
   */
  Classifiers(@Value("${service.model}") String model, @Value("${service.adapters}") String[] adapters,
      @Value("${service.data}") Path data) throws IOException {
    Map<String, Path> byName = new LinkedHashMap<>();
    for (String adapter : adapters) {
      byName.put(Path.of(adapter).getFileName().toString(), Path.of(adapter));
    }
    Path base = ModelCache.ofUser().directory(ModelReference.parse(model), System.err::println);
    this.classifier = TextClassifier.withAdapters(base, byName);
    this.data = data;
    classifier.adapters().activate(byName.keySet().iterator().next());
  }

  TextClassifier classifier() {
    return classifier;
  }

  /** Trains a new adapter on the same base, which goes on answering; false if that goes on already. */
  synchronized boolean train(int steps) throws IOException {
    if (training != null && training.isAlive()) {
      return false;
    }
    String name = "trained-" + ++number;
    Dataset<Example.Labelled> rows = Dataset.labelled(data, DataOptions.DETECT);
    Adapter adapter = classifier.adapters().add(name, LoraConfig.of(8, 16), number);
    trainer = new Trainer(adapter.model(), adapter.parameters().values(), ClassificationObjective.of(adapter.model().labels()),
        TrainConfig.of(Map.of("max_steps", steps, "batch_size", 16, "learning_rate", 1e-3)));
    training = Thread.ofPlatform().daemon().name("training").start(() -> {
      trainer.train(ClassifierTuning.encode(classifier, rows), null);
      classifier.adapters().remove(name); // a real service would measure it, and keep it if it is better
    });
    return true;
  }

  /** Ends what runs, and with it everything that would keep this application's classes. */
  @Override
  public void destroy() throws InterruptedException {
    Thread running;
    synchronized (this) {
      running = training;
      if (trainer != null) {
        trainer.stop();
      }
    }
    if (running != null) {
      running.join();
    }
    Workers.close();
  }
}
