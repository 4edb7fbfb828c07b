package dev.hone.lora;

import dev.hone.autograd.GatherOps;
import dev.hone.autograd.MathOps;
import dev.hone.autograd.Parameter;
import dev.hone.autograd.Variable;
import dev.hone.core.HostArray;
import dev.hone.core.Tensor;
import dev.hone.core.random.Philox;
import dev.hone.nn.Embedding;
import dev.hone.nn.EmbeddingAdapter;
import dev.hone.nn.InputAdapter;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import dev.hone.nn.TokenBatch;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Prompt tuning: virtual tokens before those of every sequence, with ids behind the vocabulary, which the table's slot turns
 * into the trained vectors.
 *
 * @param embeddings [P, C]
 * @param vocabulary V, the first virtual id
 */
record PromptInput(Parameter embeddings, int vocabulary) implements InputAdapter {
  /** The name of the trained vectors, of prefixes, too. */
  static final String NAME = "prompt_embeddings";

  /** The names that PEFT gives in files of prompts and prefixes: nothing wraps the base model there. */
  static String promptFileName(String name) {
    return name.equals(NAME) ? name : "base_model." + name;
  }

  static PromptInput of(PretrainedModel model, PromptConfig config, long seed) {
    Embedding table = model.backbone().embeddings();
    int vocabulary = table.weight().shape().dim(0);
    int count = config.virtualTokens();
    Philox random = new Philox(seed, Philox.stream(NAME.hashCode(), count));
    Tensor start = Tensor.of(Parts.matrix("prompt", "num_virtual_tokens", count, table.weight().shape().dim(1)), count,
        table.weight().shape().dim(1));
    if (config.init() == PromptConfig.Init.RANDOM || config.init() == PromptConfig.Init.TEXT && config.textIds().isEmpty()) {
      try (HostArray numbers = start.onHost(HostArray.Access.WRITE)) {
        random.fillNormal(numbers.array(), numbers.offset(), numbers.offset() + numbers.length(), 0, 1);
      }
    } else {
      int[] ids = IntStream.range(0, count).map(i -> config.init() == PromptConfig.Init.SAMPLE_VOCAB
          ? random.below(i, vocabulary) : config.textIds().get(i % config.textIds().size())).toArray();
      start.copyFrom(table.base(ids).value());
    }
    return new PromptInput(new Parameter("", start, true), vocabulary);
  }

  @Override
  public int virtualTokens() {
    return embeddings.shape().dim(0);
  }

  @Override
  public Input apply(TokenBatch batch, Pass pass) {
    int added = virtualTokens();
    if (pass.cache() != null && !pass.cache().isEmpty()) {
      return new Input(PrefixInput.shifted(batch, added), pass, null);
    }
    int[] offsets = new int[batch.offsets().length];
    int size = batch.size() + added * batch.sequences();
    int[] tokens = new int[size];
    int[] positions = new int[size];
    int[] types = batch.types() == null ? null : new int[size];
    int[] routes = pass.routes() == null ? null : new int[size];
    int[] rows = new int[batch.size()];
    int at = 0;
    for (int s = 0; s < batch.sequences(); s++) {
      int from = batch.offsets()[s];
      for (int i = from - added; i < batch.offsets()[s + 1]; i++, at++) {
        boolean given = i >= from;
        tokens[at] = given ? batch.tokens()[i] : vocabulary + added + i - from;
        positions[at] = given ? batch.positions()[i] + added : added + i - from;
        if (given) {
          rows[i] = at;
        }
        if (given && types != null) {
          types[at] = batch.types()[i];
        }
        if (routes != null) {
          routes[at] = pass.routes()[Math.max(i, from)];
        }
      }
      offsets[s + 1] = at;
    }
    return new Input(new TokenBatch(tokens, positions, offsets, types), pass.withRoutes(routes), rows);
  }

  /** What goes into the slot of the table. */
  EmbeddingAdapter rows() {
    return new Rows(this);
  }

  private record Rows(PromptInput prompt) implements EmbeddingAdapter {
    @Override
    public Variable forward(int[] ids, Embedding base, Pass pass) {
      int first = prompt.vocabulary;
      if (Arrays.stream(ids).allMatch(id -> id < first)) {
        return base.base(ids);
      }
      int none = -1; // gives a row of zeros
      Variable real = GatherOps.rows(base.weight(), Arrays.stream(ids).map(id -> id < first ? id : none).toArray());
      Variable virtual = GatherOps.rows(prompt.embeddings,
          Arrays.stream(ids).map(id -> id < first ? none : id - first).toArray());
      return MathOps.add(base.scale() == 1 ? real : MathOps.mul(real, base.scale()), virtual);
    }

    @Override
    public void visit(LayerVisitor visitor) {}
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.parameter(NAME, embeddings);
  }
}
