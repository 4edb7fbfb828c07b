package dev.hone.nn.gguf;

import dev.hone.core.Tensor;
import dev.hone.core.quant.Quantized;
import dev.hone.nn.MappedPages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * A tensor on its way to a file.
 *
 * @param name in the file
 * @param tensor of the model
 * @param late makes what takes the place of the numbers, in the same shape, when its turn comes; null if they are its own
 * @param change how the file has it
 * @param headDim D, of {@link Change#TURNED} ones
 */
record GgufPart(String name, Tensor tensor, Supplier<Tensor> late, Change change, int headDim) {
  GgufPart(String name, Tensor tensor, Change change, int headDim) {
    this(name, tensor, null, change, headDim);
  }

  /** How the numbers of a file come from those of a model. */
  enum Change {
    /** As they are. */
    NONE,
    /** Rows of each head in another order: i and i + D / 2 become neighbours. */
    TURNED,
    /** 1 more. */
    AROUND_ONE,
    /** Rows become columns. */
    TRANSPOSED
  }

  /** The shape in the file, as usual, the fastest axis last. */
  int[] shape() {
    return tensor.shape().rank() == 1 ? new int[] {tensor.dim(0)}
        : change == Change.TRANSPOSED ? new int[] {tensor.dim(1), tensor.dim(0)} : new int[] {tensor.dim(0), tensor.dim(1)};
  }

  /** What the file gets. */
  GgufWriter.Numbers numbers(GgufType type) {
    return new GgufWriter.Numbers() {
      private float[] whole; // of a transposed one
      private Tensor made;

      private Tensor own() {
        made = made != null ? made : late == null ? tensor : late.get();
        return made;
      }

      @Override
      public void read(long from, int count, float[] target) {
        switch (change) {
          case NONE -> own().read(from, count, target, 0);
          case AROUND_ONE -> {
            own().read(from, count, target, 0);
            for (int i = 0; i < count; i++) {
              target[i] += 1;
            }
          }
          case TURNED -> turned(own(), from, count, target);
          case TRANSPOSED -> transposed(from, count, target);
        }
      }

      private void transposed(long from, int count, float[] target) {
        whole = whole == null ? own().toFloatArray() : whole;
        int rows = tensor.dim(0);
        int columns = tensor.dim(1);
        for (int i = 0; i < count; i++) {
          int at = (int) from + i;
          target[i] = whole[at % rows * columns + at / rows];
        }
      }

      @Override
      public MemorySegment stored() {
        boolean same = late == null && type.isQuantized() && GgufType.of(tensor) == type;
        MemorySegment codes = same ? Quantized.in(tensor).codes() : null;
        return same && change == Change.TURNED ? turnedRows(codes, tensor.dim(0), headDim, true) : codes;
      }

      @Override
      public void done() {
        whole = null;
        made = null;
        MappedPages.letGo(tensor);
      }
    };
  }

  private int width() {
    return tensor.shape().rank() == 1 ? 1 : tensor.dim(1);
  }

  /** The row of the model that is row {@code row} of the file. */
  private static int source(int row, int headDim) {
    int within = row % headDim;
    return row - within + within / 2 + within % 2 * (headDim / 2);
  }

  private void turned(Tensor own, long from, int count, float[] target) {
    int width = width();
    for (int done = 0; done < count; ) {
      int row = (int) ((from + done) / width);
      int column = (int) ((from + done) % width);
      int taken = Math.min(width - column, count - done);
      own.read((long) source(row, headDim) * width + column, taken, target, done);
      done += taken;
    }
  }

  /**
   * Rows of bytes in another order.
   *
   * @param toFile from the model's order to the file's, else back
   */
  static MemorySegment turnedRows(MemorySegment bytes, int rows, int headDim, boolean toFile) {
    long size = bytes.byteSize() / rows;
    MemorySegment turned = Arena.ofAuto().allocate(bytes.byteSize(), 64);
    for (int row = 0; row < rows; row++) {
      int source = source(row, headDim);
      MemorySegment.copy(bytes, (toFile ? source : row) * size, turned, (toFile ? row : source) * size, size);
    }
    return turned;
  }
}
