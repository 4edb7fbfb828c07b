package dev.hone.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.DType;
import dev.hone.core.HoneException;
import dev.hone.core.Tensor;
import dev.hone.nn.load.ModelLoader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MiniatureTest {
  private static final String LLAMA = """
      {"model_type": "llama", "dtype": "bfloat16", "vocab_size": 128256, "hidden_size": 2048, "intermediate_size": 8192,
       "num_hidden_layers": 16, "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 64, "bos_token_id": 128000,
       "eos_token_id": [128001, 128009], "max_position_embeddings": 131072, "tie_word_embeddings": true, "rope_theta": 500000.0,
       "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
       "original_max_position_embeddings": 8192}}""";

  @TempDir
  Path directory;

  private PretrainedModel miniature(String config, Task task, DType quantized) throws IOException {
    Files.writeString(directory.resolve("config.json"), config.replace('\'', '"'));
    return ModelLoader.miniature(directory, task, quantized);
  }

  @Test
  void itHasOneNarrowLayerAndTheStoredTypeOutsideTheHeap() throws IOException {
    PretrainedModel model = miniature(LLAMA, Task.CAUSAL_LM, null);
    assertEquals("llama", model.config().modelType());
    assertEquals(1, model.config().layers());
    assertEquals(64, model.config().hiddenSize());
    assertEquals(96, model.config().vocabSize());
    assertTrue(((CausalHead) model.head()).tied());
    model.baseParameters().forEach((name, parameter) -> {
      Tensor value = parameter.value();
      assertEquals(value.shape().rank() == 2 ? DType.BF16 : DType.F32, value.dtype(), name);
      assertEquals(value.shape().rank() == 2, value.isReadOnly(), name);
    });
  }

  @Test
  void quantisedAsTheModelIs() throws IOException {
    PretrainedModel model = miniature(LLAMA, Task.CAUSAL_LM, DType.Q8_0);
    assertEquals(DType.Q8_0, model.quantization());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '~', value = {
      "CAUSAL_LM | {'model_type': 'qwen3', 'torch_dtype': 'bfloat16', 'vocab_size': 151936, 'hidden_size': 1024, "
          + "'head_dim': 128, 'intermediate_size': 3072, 'num_hidden_layers': 28, 'num_attention_heads': 16, "
          + "'num_key_value_heads': 8, 'max_position_embeddings': 40960, 'tie_word_embeddings': true, "
          + "'eos_token_id': 151645, 'hidden_act': 'silu'}",
      "CAUSAL_LM | {'model_type': 'gpt2', 'vocab_size': 50257, 'n_embd': 768, 'n_layer': 12, 'n_head': 12, 'n_positions': 1024, "
          + "'activation_function': 'gelu_new', 'eos_token_id': 50256}",
      "CAUSAL_LM | {'model_type': 'gemma3_text', 'torch_dtype': 'bfloat16', 'vocab_size': 262144, 'hidden_size': 640, "
          + "'head_dim': 256, 'intermediate_size': 2048, 'num_hidden_layers': 2, 'num_attention_heads': 4, "
          + "'num_key_value_heads': 1, 'layer_types': ['sliding_attention', 'full_attention'], 'sliding_window': 512, "
          + "'query_pre_attn_scalar': 256, 'max_position_embeddings': 32768, 'pad_token_id': 0}",
      "CAUSAL_LM | {'model_type': 'phi', 'torch_dtype': 'float16', 'vocab_size': 51200, 'hidden_size': 2048, "
          + "'intermediate_size': 8192, 'num_hidden_layers': 24, 'num_attention_heads': 32, 'max_position_embeddings': 2048, "
          + "'partial_rotary_factor': 0.5, 'hidden_act': 'gelu_new'}",
      "CAUSAL_LM | {'model_type': 'gpt_neox', 'torch_dtype': 'float16', 'vocab_size': 50304, 'hidden_size': 512, "
          + "'intermediate_size': 2048, 'num_hidden_layers': 6, 'num_attention_heads': 8, 'max_position_embeddings': 2048, "
          + "'rotary_pct': 0.25, 'hidden_act': 'gelu', 'use_parallel_residual': true, 'tie_word_embeddings': false}",
      "SEQUENCE_CLASSIFICATION | {'model_type': 'bert', 'vocab_size': 30522, 'hidden_size': 384, 'num_hidden_layers': 6, "
          + "'num_attention_heads': 12, 'intermediate_size': 1536, 'max_position_embeddings': 512, 'type_vocab_size': 2, "
          + "'hidden_act': 'gelu', 'pad_token_id': 0, 'id2label': {'0': 'x', '1': 'y', '2': 'z'}}",
      "EMBEDDING | {'model_type': 'distilbert', 'vocab_size': 30522, 'dim': 768, 'n_layers': 6, 'n_heads': 12, "
          + "'hidden_dim': 3072, 'max_position_embeddings': 512, 'activation': 'gelu'}",
      "EMBEDDING | {'model_type': 'roberta', 'vocab_size': 50265, 'hidden_size': 768, 'num_hidden_layers': 12, "
          + "'num_attention_heads': 12, 'intermediate_size': 3072, 'max_position_embeddings': 514, 'type_vocab_size': 1, "
          + "'hidden_act': 'gelu', 'pad_token_id': 1}"})
  void familiesAreMadeSmallAndCompute(Task task, String config) throws IOException {
    PretrainedModel model = miniature(config, task, null);
    assertEquals(1, model.config().layers());
    assertEquals(64, model.config().hiddenSize());
    float[] values = model.forward(TokenBatch.of(List.of(new int[] {1, 2, 3}, new int[] {4, 5})), Pass.inference()).value()
        .toFloatArray();
    assertTrue(values.length > 0);
    for (float value : values) {
      assertTrue(Float.isFinite(value), config);
    }
  }

  @Test
  void whatHasNoFamilyIsRefusedAsALoadedModelIs() {
    HoneException e = assertThrows(HoneException.class, () -> miniature("{'model_type': 'no_such'}", Task.CAUSAL_LM, null));
    assertFalse(e.getMessage().isBlank());
  }
}
