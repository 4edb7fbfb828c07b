package dev.hone.example.loop;

import dev.hone.autograd.GradCheck;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.Scope;
import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.tokenizer.Tokenizer;
import dev.hone.train.data.BatchSampler;
import dev.hone.train.data.DataOptions;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.data.LabelSet;
import dev.hone.train.encode.TrainingBatch;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextClassifier;
import dev.hone.train.optim.AdamW;
import dev.hone.train.optim.Gradients;
import dev.hone.train.optim.Grouping;
import dev.hone.train.optim.Optimizer;
import dev.hone.train.schedule.Schedule;
import dev.hone.train.source.ModelCache;
import dev.hone.train.source.ModelReference;
import dev.hone.train.task.classify.ClassifierTuning;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * LoRA on a classifier by a loop that is all in sight: forward, a loss of one's own, backward, optimiser. Arguments: a model, a
 * file of labelled texts, and the directory for the adapter.
 */
public final class CustomLoop {
  private static final int EPOCHS = 3;
  private static final int BATCH = 8;
  private static final double RATE = 1e-3;
  private static final long SEED = 42;

  private CustomLoop() {}

  public static void main(String[] args) throws Exception {
    GradCheck.of(in -> HingeLoss.of(in[0], new int[] {0, 2, 1}, 0.5f)).inputs(new int[][] {{3, 3}}).verify();

    Path directory = ModelCache.ofUser().directory(ModelReference.parse(args[0]), System.err::println);
    Dataset<Example.Labelled> data = Dataset.labelled(Path.of(args[1]), DataOptions.DETECT);
    Labels labels = new Labels(LabelSet.of(data).names(), Labels.Kind.SINGLE_LABEL);
    PretrainedModel model = PretrainedModel.load(directory, labels, SEED);
    Adapter adapter = Adapter.attach(model, LoraConfig.of(8, 16), SEED);
    TextClassifier classifier = new TextClassifier(model, Tokenizer.load(directory), TextClassifier.usualLength(model));
    TrainingSet rows = ClassifierTuning.encode(classifier, data);

    Collection<Parameter> parameters = adapter.parameters().values();
    Optimizer optimizer = new Optimizer(parameters, Grouping.of(AdamW.USUAL, 0.01));
    BatchSampler batches = BatchSampler.ofRows(rows.lengths(), BATCH, SEED);
    int steps = EPOCHS * batches.epoch(0).size();
    Schedule schedule = new Schedule.Cosine(steps / 10, steps);
    int step = 0;
    try (PretrainedModel.Exclusive _ = model.training()) {
      for (int epoch = 0; epoch < EPOCHS; epoch++) {
        double sum = 0;
        for (int[] chosen : batches.epoch(epoch)) {
          TrainingBatch batch = rows.batch(chosen);
          try (Scope _ = Scope.open()) { // what is made here goes at the end of the step
            Variable logits = model.forward(batch.tokens(), new Pass(true, SEED, step, false));
            Variable loss = HingeLoss.of(logits, batch.classes(), 1f / batch.size());
            loss.backward();
            sum += loss.value().item();
          }
          optimizer.step(RATE * schedule.factor(step++), Gradients.clipScale(Gradients.norm(parameters), 1));
          Gradients.clear(parameters);
        }
        System.out.printf("epoch %d: hinge loss %.4f%n", epoch + 1, sum / batches.epoch(epoch).size());
      }
    }
    AdapterFiles.save(adapter, Path.of(args[2]), args[0]);
    System.out.println(classifier.predict(List.of(data.row(0).text())).getFirst().label() + ", is " + data.row(0).label());
  }
}
