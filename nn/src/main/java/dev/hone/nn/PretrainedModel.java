package dev.hone.nn;

import dev.hone.autograd.CrossEntropySettings;
import dev.hone.autograd.GatherOps;
import dev.hone.autograd.GradMode;
import dev.hone.autograd.HeadLoss;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.DType;
import dev.hone.core.Device;
import dev.hone.core.Tensor;
import dev.hone.core.io.SafetensorsWriter;
import dev.hone.core.parallel.Turn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * A backbone and a head, loaded from a Hugging Face directory.
 *
 * {@snippet :
 * PretrainedModel model = PretrainedModel.load(Path.of("bert-base-uncased"), Task.SEQUENCE_CLASSIFICATION);
 * Variable logits = model.forward(TokenBatch.of(List.of(ids)), Pass.inference());
 * }
 *
 * <p>After loading all parameters are frozen and lie as the file has them, mapped. Forward passes may run on several
 * threads at once as long as nobody changes parameters or adapters. Those that record nothing (see {@link GradMode}) take
 * {@linkplain Turn turns}: of two hundred threads as many compute at a time as there are processors.
 */
public final class PretrainedModel implements Layer, AutoCloseable {
  private final ModelConfig config;
  private final Task task;
  private final Labels labels;
  private final ObjectNode source;
  private final Set<String> newParameters;
  private final Map<String, Tensor> converted;
  private final Map<String, Tensor> others;
  private final Arena weights; // ends with this model; null: with the garbage collector
  private volatile Tree tree;

  /** What a pass goes through. Twins have trees of their own; snapshots have that of their model. */
  private static final class Tree {
    private final Backbone backbone;
    private final Head head;
    private final Uses uses = new Uses();
    private volatile InputAdapter input;

    private Tree(Backbone backbone, Head head) {
      this.backbone = backbone;
      this.head = head;
    }
  }

  /** The room of directories, which is looked up once. */
  private static final class Directories {
    private static final ModelFiles FILES =
        ServiceLoader.load(ModelFiles.class, PretrainedModel.class.getClassLoader()).findFirst().orElseThrow();
  }

  /** What ends when it is closed: that nobody else may use a model. */
  public interface Exclusive extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Puts a model together; see {@link dev.hone.nn.load.ModelLoader}.
   *
   * @param labels null unless the task is classification
   * @param source the tree of {@code config.json}
   * @param newParameters names of the parameters that are untrained, because the file had none
   * @param converted what the file has of parameters that are held in another type
   * @param others what the file has of parts that are not computed here, by the names in it
   * @param weights what {@link #close} ends; null for weights that are the garbage collector's
   */
  public PretrainedModel(ModelConfig config, Task task, Labels labels, ObjectNode source, Backbone backbone, Head head,
      Set<String> newParameters, Map<String, Tensor> converted, Map<String, Tensor> others, Arena weights) {
    this(config, task, labels, source, newParameters, converted, others, new Tree(backbone, head), weights);
    parameters().forEach((name, parameter) -> parameter.rename(name));
  }

  private PretrainedModel(ModelConfig config, Task task, Labels labels, ObjectNode source, Set<String> newParameters,
      Map<String, Tensor> converted, Map<String, Tensor> others, Tree tree, Arena weights) {
    this.config = config;
    this.task = task;
    this.labels = labels;
    this.source = source;
    this.newParameters = Set.copyOf(newParameters);
    this.converted = Map.copyOf(converted);
    this.others = Collections.unmodifiableMap(others);
    this.tree = tree;
    this.weights = weights;
  }

  /**
   * A model with layers, slots for adapters and parameters of its own on the weights of this one, of which there is never a
   * second copy. What is put into one, exchanged or trained there is not seen by the other.
   *
   * @throws IllegalStateException if this model has an adapter
   */
  public PretrainedModel twin() {
    if (!parameters().keySet().equals(baseParameters().keySet()) || inputAdapter() != null) {
      throw new IllegalStateException("twin: the model has an adapter; detach it first");
    }
    PretrainedModel twin = Directories.FILES.twin(this);
    return new PretrainedModel(config, task, labels, source, newParameters, converted, others, twin.tree, null);
  }

  /**
   * This model as it is now: what {@link #show} does later is not seen through it. For calls that take several passes and must
   * not change adapters half-way.
   */
  public PretrainedModel snapshot() {
    return new PretrainedModel(config, task, labels, source, newParameters, converted, others, tree, null);
  }

  /**
   * Ends the use of this model: later passes throw. Its weights are unmapped at once if it was loaded with
   * {@link dev.hone.nn.load.ModelLoader#closable}, and then its twins and snapshots end with it; those of other models when the
   * garbage collector finds that nobody has them.
   *
   * @throws IllegalStateException if another thread uses or trains the model; it is not closed then
   */
  @Override
  public void close() {
    if (tree.uses.close() && weights != null) {
      weights.close();
    }
  }

  /** Makes this model one with another, a {@link #twin} or a snapshot, for all passes that begin from now on. */
  public void show(PretrainedModel twin) {
    if (twin.config != config || twin.task != task) {
      throw new IllegalArgumentException("show: a model can only be exchanged for a twin");
    }
    tree = twin.tree;
  }

  /**
   * Keeps the model to the caller while its adapters are changed in place.
   *
   * @param what is done, for messages
   * @throws IllegalStateException if another thread uses the model; until the result is closed, passes of others throw
   */
  public Exclusive change(String what) {
    return tree.uses.change(what);
  }

  /**
   * Keeps the model to the calling thread while it is trained.
   *
   * @throws IllegalStateException if it is being trained already; until the result is closed, passes of other threads throw
   */
  public Exclusive training() {
    return tree.uses.train();
  }

  /** Loads a directory for a task; labels come from its {@code config.json}, and a classifier must have its head. */
  public static PretrainedModel load(Path directory, Task task) {
    return load(directory, task, null);
  }

  /**
   * Loads a model for a task, with quantised weights.
   *
   * @param quantized what {@link dev.hone.nn.load.ModelLoader#quantize} takes, or null
   */
  public static PretrainedModel load(Path directory, Task task, DType quantized) {
    return Directories.FILES.load(directory, task, null, 0, quantized);
  }

  /** Loads a directory for a new classification task: unless the file has a head for as many labels, it gets a new one. */
  public static PretrainedModel load(Path directory, Labels labels, long seed) {
    return load(directory, labels, seed, null);
  }

  /**
   * Loads a classifier with a new head, with quantised weights.
   *
   * @param quantized what {@link dev.hone.nn.load.ModelLoader#quantize} takes, or null
   */
  public static PretrainedModel load(Path directory, Labels labels, long seed, DType quantized) {
    return Directories.FILES.load(directory, Task.SEQUENCE_CLASSIFICATION, labels, seed, quantized);
  }

  /** What the weights are quantised to, or null if none is. */
  public DType quantization() {
    return baseParameters().values().stream().filter(parameter -> parameter.value().isQuantized())
        .map(parameter -> parameter.value().dtype()).findFirst().orElse(null);
  }

  /** The head's answers: [S, labels], [N, V] or [S, C], as the task wants. */
  public Variable forward(TokenBatch batch, Pass pass) {
    return pass(now -> {
      if (now.input != null && task != Task.SEQUENCE_CLASSIFICATION) {
        return now.head.forward(hidden(now, batch, pass), batch, pass.over(batch));
      }
      InputAdapter.Input in = input(now, batch, pass); // PEFT's classifiers read the first token, which may be a virtual one
      return HiddenRows.answers(now.backbone, now.head, in.batch(), in.pass());
    });
  }

  /** What the backbone gets: the batch, or what an adapter makes of it. */
  private static InputAdapter.Input input(Tree now, TokenBatch batch, Pass pass) {
    if (now.input == null) {
      return new InputAdapter.Input(batch, pass.over(batch), null);
    }
    InputAdapter.Input in = now.input.apply(batch, pass);
    return new InputAdapter.Input(in.batch(), in.pass().over(in.batch()), in.rows());
  }

  /** Hidden states with what comes next, of all tokens that a label follows. */
  private static HiddenRows labelled(Tree now, TokenBatch batch, int[] labels, Pass pass) {
    InputAdapter.Input in = input(now, batch, pass);
    return HiddenRows.labelled(now.backbone, in.batch(), CausalHead.shifted(spread(labels, in), in.batch()), in.pass());
  }

  /** Hidden states with what comes next, of given tokens alone. */
  private static HiddenRows predicting(Tree now, TokenBatch batch, int[] labels, Pass pass) {
    InputAdapter.Input in = input(now, batch, pass);
    return HiddenRows.labelled(now.backbone, in.batch(), spread(CausalHead.shifted(labels, batch), in), in.pass());
  }

  /** The head of a language model. */
  private CausalHead causal(Tree now, String what) {
    if (now.head instanceof CausalHead causal) {
      return causal;
    }
    throw new IllegalStateException(what + ": the model was loaded for " + task + ", not for " + Task.CAUSAL_LM);
  }

  /** The backbone's hidden states of the batch's tokens, with what an input adapter puts before them. [N, C]. */
  public Variable hidden(TokenBatch batch, Pass pass) {
    return pass(now -> hidden(now, batch, pass));
  }

  private static Variable hidden(Tree now, TokenBatch batch, Pass pass) {
    InputAdapter.Input in = input(now, batch, pass);
    Variable hidden = HiddenRows.all(now.backbone, in.batch(), in.pass());
    return in.rows() == null ? hidden : GatherOps.rows(hidden, in.rows());
  }

  /** Why what sequences of a batch begin with alike is not computed once in such passes, in words; null if it is. */
  public String unshared(Pass pass) {
    return HiddenRows.unshared(tree.backbone, pass);
  }

  /** A pass through the present tree, in its turn if it records nothing. */
  private <T> T pass(Function<Tree, T> pass) {
    Tree now = tree;
    now.uses.begin();
    try {
      if (GradMode.isEnabled()) {
        return pass.apply(now);
      }
      try (Turn _ = Turn.take()) {
        return pass.apply(now);
      }
    } catch (InternalError e) {
      throw ModelException.cutShort(e);
    } finally {
      now.uses.end();
    }
  }

  /** The most tokens that a sequence may have: the model's, less those that an input adapter adds. */
  public int maxLength() {
    InputAdapter input = inputAdapter();
    return config.maxLength() - (input == null ? 0 : input.virtualTokens());
  }

  /** What is in the slot before the backbone, or null. */
  public InputAdapter inputAdapter() {
    return tree.input;
  }

  /** Puts an adapter before the backbone, or takes it out with null. */
  public void setInputAdapter(InputAdapter adapter) {
    tree.input = adapter;
  }

  /**
   * The loss of a language model; logits of rows without a label are never made.
   *
   * @param labels N token ids that stand at their own tokens: the model predicts each from those before it. Negative where
   *     nothing is to be learnt; the first of a sequence is looked at only if a tuned prompt comes before it
   * @param scale factor of the sum: 1 / {@link #labelled} for the mean
   */
  public HeadLoss loss(TokenBatch batch, int[] labels, CrossEntropySettings settings, float scale, Pass pass) {
    return pass(now -> {
      CausalHead head = causal(now, "loss");
      HiddenRows rows = labelled(now, batch, labels, pass);
      return head.loss(rows.hidden(), rows.labels(), settings, scale, rows.pass());
    });
  }

  /**
   * Minus the log-probability of every labelled token of a language model, given those before it. [N] labels -> [M].
   *
   * @param labels N token ids that stand at their own tokens, as {@link #loss} takes them; those of first tokens are passed
   * over
   */
  public Variable tokenLosses(TokenBatch batch, int[] labels, Pass pass) {
    return pass(now -> {
      CausalHead head = causal(now, "tokenLosses");
      HiddenRows rows = predicting(now, batch, labels, pass);
      return head.losses(rows.hidden(), rows.labels(), rows.pass());
    });
  }

  /**
   * Logits of a language model before every labelled token: what it takes the token for. [N] labels -> [M, V].
   *
   * @param labels N token ids that stand at their own tokens, as {@link #loss} takes them; those of first tokens are passed
   * over
   */
  public Variable tokenLogits(TokenBatch batch, int[] labels, Pass pass) {
    return pass(now -> {
      CausalHead head = causal(now, "tokenLogits");
      HiddenRows rows = predicting(now, batch, labels, pass).counted();
      return head.logits(rows.hidden(), rows.pass());
    });
  }

  /** How many labels {@link #loss} looks at: what the mean is taken over. */
  public int labelled(TokenBatch batch, int[] labels) {
    InputAdapter input = inputAdapter();
    InputAdapter.Input in = input == null ? null : input.apply(batch, Pass.inference());
    return in == null || in.rows() == null ? CausalHead.count(labels, batch)
        : CausalHead.count(spread(labels, in), in.batch());
  }

  /** What belongs to the given tokens, at the places that these have with what was added. */
  private static int[] spread(int[] labels, InputAdapter.Input in) {
    if (in.rows() == null) {
      return labels;
    }
    int[] all = new int[in.batch().size()];
    Arrays.fill(all, -1);
    for (int i = 0; i < labels.length; i++) {
      all[in.rows()[i]] = labels[i];
    }
    return all;
  }

  /** The configuration. */
  public ModelConfig config() {
    return config;
  }

  /** What the head is for. */
  public Task task() {
    return task;
  }

  /** The labels of a classifier, else null. */
  public Labels labels() {
    return labels;
  }

  /** A copy of the tree of {@code config.json}. */
  public ObjectNode source() {
    return source.deepCopy();
  }

  /** The transformer without its head. */
  public Backbone backbone() {
    return tree.backbone;
  }

  /** The head. */
  public Head head() {
    return tree.head;
  }

  /** Names of the parameters that came from no file and are untrained, such as those of a new head. */
  public Set<String> newParameters() {
    return newParameters;
  }

  /** What the file has of parameters that are held in another type, by name: norms of a BF16 model are computed with in F32. */
  public Map<String, Tensor> converted() {
    return converted;
  }

  /** What the file has of parts of the model that are not computed here, such as those that see pictures; by the names in it. */
  public Map<String, Tensor> others() {
    return others;
  }

  @Override
  public void visit(LayerVisitor visitor) {
    Tree now = tree;
    visitor.layer("", now.backbone);
    visitor.layer("", now.head);
    if (now.input != null) {
      visitor.adapter(now.input);
    }
  }

  /** All parameters by name, those of adapters included, in a fixed order. A tied one appears once. */
  public Map<String, Parameter> parameters() {
    return collect(true);
  }

  /** The parameters of the model itself by name, without adapters. */
  public Map<String, Parameter> baseParameters() {
    return collect(false);
  }

  private Map<String, Parameter> collect(boolean adapters) {
    Map<String, Parameter> found = new LinkedHashMap<>();
    new LayerVisitor() {
      @Override
      protected void visit(String name, Parameter parameter) {
        found.put(name, parameter);
      }

      @Override
      public void adapter(Layer adapter) {
        if (adapters) {
          super.adapter(adapter);
        }
      }
    }.layer("", this);
    return found;
  }

  /**
   * What a part or a parameter is called in the class of transformers that is made for the task, and so in files: a bare
   * backbone, which is what embeddings come from, has no prefix such as {@code bert.} before its names.
   */
  public String fileName(String path) {
    return task == Task.EMBEDDING && path.startsWith(config.prefix()) ? path.substring(config.prefix().length()) : path;
  }

  /** All parts by name, such as {@code bert.encoder.layer.0.output.dense}; what adapters look for their targets in. */
  public Map<String, Layer> layers() {
    Map<String, Layer> found = new LinkedHashMap<>();
    new LayerVisitor() {
      @Override
      protected void enter(String path, Layer layer) {
        if (!path.isEmpty()) {
          found.put(path, layer);
        }
      }
    }.layer("", this);
    return found;
  }

  /** Moves all parameters to a device, in which their types stay, and returns this; gradients are dropped. */
  public PretrainedModel to(Device device) {
    parameters().values().forEach(parameter -> parameter.moveTo(device));
    return this;
  }

  /** Makes all parameters trainable (F32) or frozen. */
  public void setTrainable(boolean trainable) {
    parameters().values().forEach(parameter -> parameter.setTrainable(trainable));
  }

  /**
   * Writes {@code config.json} and the weights, without adapters, in the layout of Hugging Face: one file, or several with an
   * index above {@link SafetensorsWriter#DEFAULT_SHARD_BYTES}.
   *
   * @param directory made if absent
   * @param dtype how to store the weights: F32, BF16 or F16; null leaves frozen ones as they are, quantised ones in the layout
   *     of bitsandbytes, which Q8_0 does not have
   */
  public void save(Path directory, DType dtype) throws IOException {
    save(directory, dtype, SafetensorsWriter.DEFAULT_SHARD_BYTES);
  }

  /**
   * Writes as {@link #save(Path, DType)} does, in files of at most this size, or of one tensor where that is larger.
   *
   * @param shardBytes above 0
   */
  public void save(Path directory, DType dtype, long shardBytes) throws IOException {
    Directories.FILES.write(this, directory, dtype, shardBytes);
  }
}
