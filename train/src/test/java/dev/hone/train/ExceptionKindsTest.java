package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.core.HoneException;
import dev.hone.core.OutOfMemory;
import dev.hone.core.ShapeException;
import dev.hone.core.io.MissingTensorException;
import dev.hone.core.io.TensorFileException;
import dev.hone.lora.AdapterException;
import dev.hone.nn.MemoryEstimate;
import dev.hone.nn.ModelException;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.tokenizer.definition.TokenizerException;
import dev.hone.train.data.DataException;
import dev.hone.train.source.ModelReferenceException;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a program that embeds Hone has to catch. */
class ExceptionKindsTest {
  @Test
  void whatIsRefusedAtRunTimeHasOneRoot() {
    for (Class<?> kind : List.of(ModelException.class, AdapterException.class, DataException.class, TrainingException.class,
        MissingTensorException.class, OutOfMemory.class, MemoryEstimate.DoesNotFit.class)) {
      assertTrue(HoneException.class.isAssignableFrom(kind), kind + " is no HoneException");
    }
  }

  @Test
  void theTokenizerWhichDependsOnNoOtherModuleHasItsOwn() {
    assertTrue(TokenizerException.class.isAssignableFrom(ChatTemplateException.class));
    assertTrue(RuntimeException.class.isAssignableFrom(TokenizerException.class));
  }

  @Test
  void wrongArgumentsAndUnreadableFilesAreThoseOfTheJdk() {
    assertTrue(IllegalArgumentException.class.isAssignableFrom(ShapeException.class));
    assertTrue(IOException.class.isAssignableFrom(TensorFileException.class));
    assertTrue(IOException.class.isAssignableFrom(ModelReferenceException.class));
  }
}
