package dev.hone.lora;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;

/**
 * Orthogonal finetuning (Qiu and others 2023): blocks of the inputs of linear layers are turned.
 *
 * @param blocks PEFT's {@code r}, how many blocks the inputs are cut into; 0 where their size is given
 * @param size {@code oft_block_size}, inputs per block; 0 where their number is given; what does not divide a layer's inputs is
 *     replaced by the divisor next to it
 * @param blockShare whether the blocks of a layer turn alike
 * @param terms {@code num_cayley_neumann_terms} of a series for the rotation, at least 1; 0 for the exact rotation
 * @param dropout {@code module_dropout}: part of the blocks that do not turn while training, from 0 to below 1; only 0 trains
 * @param targets which linear layers
 * @param modulesToSave parts that are trained whole and stored with the adapter
 */
public record OftConfig(int blocks, int size, boolean blockShare, int terms, float dropout, Targets targets,
    List<String> modulesToSave) implements AdapterConfig {
  static final String TYPE = "OFT";

  public OftConfig {
    if (blocks < 0 || size < 0 || (blocks == 0) == (size == 0)) {
      throw new IllegalArgumentException("OftConfig: one of r and oft_block_size must be above 0 and the other one 0, got "
          + blocks + " and " + size);
    }
    if (terms < 0 || !(dropout >= 0 && dropout < 1)) {
      throw new IllegalArgumentException("OftConfig: num_cayley_neumann_terms " + terms + " must not be below 0, module_dropout "
          + dropout + " must be from 0 to below 1");
    }
    modulesToSave = List.copyOf(new LinkedHashSet<>(modulesToSave));
  }

  /** Blocks of so many inputs in these modules, with PEFT's series of five terms. */
  public static OftConfig of(int size, List<String> targetModules) {
    return new OftConfig(0, size, false, 5, 0, Targets.of(targetModules), List.of());
  }

  @Override
  public OftConfig withModulesToSave(Collection<String> modules) {
    return new OftConfig(blocks, size, blockShare, terms, dropout, targets, List.copyOf(new LinkedHashSet<>(modules)));
  }

  @Override
  public String peftType() {
    return TYPE;
  }

  /** The size of a block in a layer with so many inputs. */
  int blockSize(int inputs) {
    return size > 0 ? divisor(inputs, size) : inputs / divisor(inputs, blocks);
  }

  /** The divisor of a number that is next to another number, the smaller one of two. */
  private static int divisor(int of, int near) {
    if (near >= of) {
      return of;
    }
    int higher = near;
    while (of % higher != 0) {
      higher++;
    }
    int lower = near;
    while (of % lower != 0) {
      lower--;
    }
    return near - lower <= higher - near ? lower : higher;
  }
}
