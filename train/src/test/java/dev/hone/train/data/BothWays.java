package dev.hone.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.function.Function;

/** Reads a file into memory and through an index, and demands the same rows, lines and faults. */
public final class BothWays {
  private BothWays() {}

  /** What was read into memory. */
  public static <E extends Example> Dataset<E> read(DataOptions options, Function<DataOptions, Dataset<E>> reader) {
    DataOptions index = indexed(options);
    Dataset<E> inMemory;
    try {
      inMemory = reader.apply(options);
    } catch (DataException e) {
      DataException fault = assertThrows(DataException.class, () -> reader.apply(index));
      if (!fault.getMessage().contains("cannot be read in parts")) {
        assertEquals(e.getMessage(), fault.getMessage());
      }
      throw e;
    }
    Dataset<E> indexed;
    try {
      indexed = reader.apply(index);
    } catch (DataException e) {
      assertTrue(e.getMessage().contains("cannot be read in parts"), e.getMessage());
      return inMemory;
    }
    assertTrue(indexed.onDemand());
    assertEquals(inMemory.rows(), indexed.rows());
    assertEquals(inMemory.skipped(), indexed.skipped());
    for (int i = 0; i < inMemory.size(); i++) {
      assertEquals(inMemory.line(i), indexed.line(i), "line of row " + i);
    }
    assertEquals(inMemory.description(), indexed.description().replaceFirst(", read through an index \\(made in .* s\\)", ""));
    return inMemory;
  }

  /** The same options, through an index. */
  public static DataOptions indexed(DataOptions options) {
    return options.withFormat(options.format().isEmpty() ? "indexed" : options.format() + ",indexed");
  }
}
