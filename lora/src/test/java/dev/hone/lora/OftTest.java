package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Orthogonal finetuning. */
class OftTest {
  @TempDir
  Path directory;

  private static double[] rotation(int terms, float... angles) {
    float[] values = new Cayley(angles.length == 1 ? 2 : 3, terms).of(Tensor.of(angles, 1, angles.length)).toFloatArray();
    double[] result = new double[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  @Test
  void theExactRotationOfTwoInputs() {
    double t = 0.5; // (I - Q) (I + Q)^-1 with Q = [[0, t], [-t, 0]]
    double n = 1 + t * t;
    assertArrayEquals(new double[] {(1 - t * t) / n, -2 * t / n, 2 * t / n, (1 - t * t) / n}, rotation(0, 0.5f), 1e-7);
  }

  /** Q² = -t² I, so that the series of PEFT can be written down: 1 + 2 Q + 2 Q² + ... + Qⁿ, its last factor one from Q³ on. */
  @ParameterizedTest
  @CsvSource({"1, 1, 0", "2, 1, 1", "3, 0.5, 0.875", "4, 0.5, 0.875", "5, 0.5625, 0.75", "6, 0.625, 0.78125"})
  void theSeriesOfTwoInputs(int terms, double diagonal, double above) {
    assertArrayEquals(new double[] {diagonal, above, -above, diagonal}, rotation(terms, 0.5f), 1e-7);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 3, 5, 8})
  void gradientsAreDifferences(int terms) {
    float[] angles = {0.3f, -0.2f, 0.1f, 0.05f, 0.4f, -0.3f};
    float[] up = new float[18];
    for (int i = 0; i < up.length; i++) {
      up[i] = (float) Math.sin(3 * i + 1);
    }
    Parameter parameter = new Parameter("", Tensor.of(angles.clone(), 2, 3), true);
    Cayley cayley = new Cayley(3, terms);
    cayley.of(parameter).backward(Tensor.of(up, 2, 3, 3));
    float[] gradient = parameter.gradient().toFloatArray();
    for (int i = 0; i < angles.length; i++) {
      double[] ends = new double[2];
      for (int side = 0; side < 2; side++) {
        float[] moved = angles.clone();
        moved[i] += side == 0 ? -0x1p-8f : 0x1p-8f;
        float[] values = cayley.of(Tensor.of(moved, 2, 3)).toFloatArray();
        for (int k = 0; k < up.length; k++) {
          ends[side] += (double) up[k] * values[k];
        }
      }
      assertEquals((ends[1] - ends[0]) * 128, gradient[i], 2e-4, "angle " + i);
    }
  }

  private static OftConfig config(int blocks, int size, boolean share, int terms) {
    return new OftConfig(blocks, size, share, terms, 0, Targets.of(List.of("q_proj", "down_proj")), List.of());
  }

  @ParameterizedTest
  @CsvSource({"0, 8, false, 5", "4, 0, false, 0", "0, 4, true, 5", "0, 5, true, 0"})
  void itMergesAndIsStored(int blocks, int size, boolean share, int terms) throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    float[] before = TinyModel.answers(model);
    Adapter adapter = Adapter.attach(model, config(blocks, size, share, terms), 1);
    assertArrayEquals(before, TinyModel.answers(model), 1e-5f, "training starts from the base");
    TinyModel.change(adapter);
    float[] adapted = TinyModel.answers(model);
    float moved = 0;
    for (int i = 0; i < before.length; i++) {
      moved = Math.max(moved, Math.abs(adapted[i] - before[i]));
    }
    assertTrue(moved > 1e-2, "moved by " + moved);
    AdapterFiles.save(adapter, directory, "base");
    PretrainedModel again = TinyModel.llama(directory, false);
    Adapter loaded = AdapterFiles.load(directory, again);
    assertEquals(adapter.config(), loaded.config());
    assertArrayEquals(adapted, TinyModel.answers(again));
    loaded.merge();
    assertArrayEquals(adapted, TinyModel.answers(again), 1e-4f);
  }

  @Test
  void blocksThatDoNotDivideTheInputsBecomeTheNextThatDo() {
    assertEquals(8, config(0, 8, false, 5).blockSize(24));
    assertEquals(4, config(0, 5, false, 5).blockSize(16));
    assertEquals(8, config(0, 7, false, 5).blockSize(16));
    assertEquals(6, config(0, 7, false, 5).blockSize(24), "the smaller one of two as near");
    assertEquals(16, config(0, 99, false, 5).blockSize(16));
    assertEquals(4, config(5, 0, false, 5).blockSize(16));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
      "r": 0, "oft_block_size": 8, "coft": true | 'coft' is true, which is not supported; merge the adapter with PEFT
      "r": 8 | no 'oft_block_size': PEFT before 0.14 turned outputs
      "oft_block_size": 8, "use_cayley_neumann": true, "peft_version": "0.17.1" | before 0.18 PEFT took another series
      "oft_block_size": 8, "bias": "oft_only" | which is not supported with OFT
      "r": 4, "oft_block_size": 8 | one of r and oft_block_size must be above 0 and the other one 0
      """, quoteCharacter = '`')
  void whatIsComputedOtherwiseIsRefused(String settings, String words) throws IOException {
    Files.writeString(directory.resolve(AdapterFiles.CONFIG), "{\"peft_type\": \"OFT\", \"target_modules\": [\"q_proj\"], "
        + settings + "}");
    String message = assertThrows(AdapterException.class, () -> AdapterFiles.config(directory)).getMessage();
    assertTrue(message.contains(words), message);
  }
}
