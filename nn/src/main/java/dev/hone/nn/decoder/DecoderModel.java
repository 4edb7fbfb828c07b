package dev.hone.nn.decoder;

import dev.hone.autograd.MathOps;
import dev.hone.autograd.Variable;
import dev.hone.nn.Backbone;
import dev.hone.nn.Embedding;
import dev.hone.nn.LayerVisitor;
import dev.hone.nn.Norm;
import dev.hone.nn.Pass;
import dev.hone.nn.TokenBatch;
import java.util.List;
import java.util.function.Consumer;

/**
 * A decoder without its head, in which a token sees what came before it: norm(block_L(.. block_1(embeddings))). Families differ
 * in their blocks.
 *
 * @param names what the parts are called
 * @param embeddings of tokens
 * @param positions learnt embeddings of positions, or null where attention turns queries and keys
 * @param blocks the layers, L
 * @param norm the final norm
 * @param maxLength the most tokens that a sequence may have
 * @param dropout of the embeddings
 */
public record DecoderModel(Names names, Embedding embeddings, Embedding positions, List<? extends DecoderBlock> blocks, Norm norm,
    int maxLength, float dropout) implements Backbone {

  /**
   * The names of a decoder's parts in the files of models with a head.
   *
   * @param prefix what all begin with, with its dot
   * @param embeddings of tokens, behind the prefix
   * @param positions of the embeddings of positions, or null
   * @param blocks before the dot and the number of a layer
   * @param norm of the final norm
   */
  public record Names(String prefix, String embeddings, String positions, String blocks, String norm) {
    /** Those of Llama and all that came after it. */
    public static final Names USUAL = new Names("model.", "embed_tokens", null, "layers", "norm");

    /** The name of a part. */
    public String of(String part) {
      return prefix + part;
    }

    /** The name of a layer, from 0, with a dot at its end. */
    public String block(int index) {
      return prefix + blocks + "." + index + ".";
    }
  }

  public DecoderModel {
    blocks = List.copyOf(blocks);
  }

  @Override
  public Variable forward(TokenBatch batch, Pass pass, Consumer<Variable> observer) {
    Context.check(batch, maxLength);
    Variable x = embed(batch, pass);
    for (DecoderBlock block : blocks) {
      observer.accept(x);
      Variable y = pass.block(in -> block.forward(in, batch, pass), x);
      if (observer == NOBODY) {
        x.spent();
      }
      x = y;
    }
    Variable y = norm.forward(x);
    observer.accept(y);
    return y;
  }

  private Variable embed(TokenBatch batch, Pass pass) {
    Variable x = pass.noisy(embeddings.forward(batch.tokens(), pass), batch);
    if (positions != null) {
      Variable words = x;
      Variable places = positions.forward(batch.positions(), pass);
      x = MathOps.add(words, places);
      words.spent();
      places.spent();
    }
    return pass.droppedOut(x, dropout, Pass.site("embeddings", 0));
  }

  @Override
  public void visit(LayerVisitor visitor) {
    visitor.layer(names.of(names.embeddings), embeddings);
    if (positions != null) {
      visitor.layer(names.of(names.positions), positions);
    }
    for (int i = 0; i < blocks.size(); i++) {
      visitor.layer(names.of(names.blocks) + "." + i, blocks.get(i));
    }
    visitor.layer(names.of(names.norm), norm);
  }
}
