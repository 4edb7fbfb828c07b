package dev.hone.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.autograd.Parameter;
import dev.hone.core.Tensor;
import dev.hone.nn.Pass;
import dev.hone.nn.PretrainedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DoRA on a table of embeddings. */
class DoraEmbeddingTest {
  private static final LoraConfig DORA = LoraConfig.of(2, 6).withDora(true).withTargets(List.of("embed_tokens")); // scale 3
  private static final String TABLE = "model.embed_tokens";
  private static final int ROWS = 40;
  private static final int WIDTH = 16;

  @TempDir
  Path directory;

  /** E + 3 · (B · A)ᵀ, with the norms of its columns. */
  private record Sum(double[][] rows, double[] norms) {
    static Sum of(float[] table, Map<String, Parameter> own) {
      float[] a = own.get(TABLE + ".lora_embedding_A").value().toFloatArray(); // [2, 40]
      float[] b = own.get(TABLE + ".lora_embedding_B").value().toFloatArray(); // [16, 2]
      double[][] rows = new double[ROWS][WIDTH];
      double[] norms = new double[WIDTH];
      for (int c = 0; c < WIDTH; c++) {
        for (int v = 0; v < ROWS; v++) {
          rows[v][c] = table[v * WIDTH + c] + 3.0 * ((double) b[c * 2] * a[v] + (double) b[c * 2 + 1] * a[ROWS + v]);
          norms[c] += rows[v][c] * rows[v][c];
        }
        norms[c] = Math.sqrt(norms[c]);
      }
      return new Sum(rows, norms);
    }
  }

  @Test
  void columnsHaveTheTrainedSizes() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    float[] before = TinyModel.answers(model);
    Adapter adapter = Adapter.attach(model, DORA, 1);
    assertArrayEquals(before, TinyModel.answers(model), 1e-5f, "training starts from the base");
    TinyModel.change(adapter);
    Map<String, Parameter> own = adapter.parameters();
    float[] sizes = own.get(TABLE + ".lora_magnitude_vector").value().toFloatArray();
    PretrainedModel other = TinyModel.llama(directory, false);
    Parameter table = other.baseParameters().get(TABLE + ".weight");
    Sum sum = Sum.of(table.value().toFloatArray(), own);
    float[] expected = new float[ROWS * WIDTH];
    for (int i = 0; i < expected.length; i++) {
      expected[i] = (float) (sizes[i % WIDTH] / sum.norms[i % WIDTH] * sum.rows[i / WIDTH][i % WIDTH]);
    }
    table.setValue(Tensor.of(expected, ROWS, WIDTH));
    float[] adapted = TinyModel.answers(model);
    assertArrayEquals(TinyModel.answers(other), adapted, 1e-4f);
    AdapterFiles.save(adapter, directory, "base");
    PretrainedModel again = TinyModel.llama(directory, false);
    AdapterFiles.load(directory, again);
    assertArrayEquals(adapted, TinyModel.answers(again));
    adapter.merge();
    assertArrayEquals(expected, model.baseParameters().get(TABLE + ".weight").value().toFloatArray(), 1e-5f);
  }

  @Test
  void aTiedHeadStaysAsItWas() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    float[] table = model.baseParameters().get(TABLE + ".weight").value().toFloatArray();
    Adapter adapter = Adapter.attach(model, DORA, 1);
    TinyModel.change(adapter);
    float[] adapted = TinyModel.answers(model);
    adapter.merge();
    assertArrayEquals(table, model.baseParameters().get("lm_head.weight").value().toFloatArray());
    assertFalse(Arrays.equals(table, model.baseParameters().get(TABLE + ".weight").value().toFloatArray()));
    assertArrayEquals(adapted, TinyModel.answers(model), 1e-4f);
  }

  @Test
  void theNormsCountAsConstantsInTheBackwardPass() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, false);
    float[] base = model.baseParameters().get(TABLE + ".weight").value().toFloatArray();
    Adapter adapter = Adapter.attach(model, DORA, 1);
    TinyModel.change(adapter);
    Map<String, Parameter> own = adapter.parameters();
    Sum sum = Sum.of(base, own);
    float[] sizes = own.get(TABLE + ".lora_magnitude_vector").value().toFloatArray();
    int[] ids = {3, 7, 3, 21};
    float[] up = new float[ids.length * WIDTH];
    for (int i = 0; i < up.length; i++) {
      up[i] = (float) Math.sin(i);
    }
    model.backbone().embeddings().forward(ids, Pass.inference()).backward(Tensor.of(up, ids.length, WIDTH));
    float[] a = own.get(TABLE + ".lora_embedding_A").value().toFloatArray();
    float[] sizeGradient = own.get(TABLE + ".lora_magnitude_vector").gradient().toFloatArray();
    float[] bGradient = own.get(TABLE + ".lora_embedding_B").gradient().toFloatArray();
    for (int c = 0; c < WIDTH; c++) {
      double dm = 0;
      double[] db = new double[2];
      for (int n = 0; n < ids.length; n++) {
        dm += up[n * WIDTH + c] * sum.rows[ids[n]][c] / sum.norms[c];
        for (int r = 0; r < 2; r++) {
          db[r] += up[n * WIDTH + c] * sizes[c] / sum.norms[c] * 3 * a[r * ROWS + ids[n]];
        }
      }
      assertEquals(dm, sizeGradient[c], 1e-5);
      assertEquals(db[0], bGradient[2 * c], 1e-5);
      assertEquals(db[1], bGradient[2 * c + 1], 1e-5);
    }
  }

  @Test
  void itIsNotTied() throws IOException {
    PretrainedModel model = TinyModel.llama(directory, true);
    String message = assertThrows(AdapterException.class,
        () -> Adapter.attach(model, DORA.withEnsureWeightTying(true), 1)).getMessage();
    assertEquals("ensure_weight_tying: use_dora gives lm_head and model.embed_tokens sizes of their own; choose one of them",
        message);
  }
}
