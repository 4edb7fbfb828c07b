package dev.hone.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.lora.LoraConfig;
import dev.hone.tokenizer.chat.ChatTemplateException;
import dev.hone.train.data.Dataset;
import dev.hone.train.data.Example;
import dev.hone.train.encode.TrainingSet;
import dev.hone.train.infer.TextGenerator;
import dev.hone.train.task.generate.LanguageTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A chat template that the user brings. */
class ChatTemplateTest {
  private static final String TEMPLATE = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
      + "{% if add_generation_prompt %}<assistant>{% endif %}";

  @TempDir
  Path directory;

  @Test
  void itIsUsedAndSavedWithTheAdapter() throws IOException {
    Path base = TinyLanguageModel.write(directory.resolve("model"));
    LanguageTuning tuning = LanguageTuning.lora(base, LoraConfig.of(4, 8), 1).withTemplate(TEMPLATE);
    Example.Language chat = new Example.Chat(List.of(Map.of("role", "user", "content", "hi"),
        Map.of("role", "assistant", "content", "ho")), null);
    TrainingSet set = tuning.encode(Dataset.of("chat", List.of(chat)));
    assertEquals("<user>hi<assistant>ho", tuning.tokenizer().decode(set.tokens().getFirst(), false));
    tuning.save(directory.resolve("adapter"));
    TextGenerator again = TextGenerator.load(base, directory.resolve("adapter"));
    assertEquals(TEMPLATE, again.encoder().templates().sources().get("default"));
  }

  @Test
  void whatIsNoTemplateIsRefusedAtOnce() throws IOException {
    LanguageTuning tuning = LanguageTuning.lora(TinyLanguageModel.write(directory.resolve("model")), LoraConfig.of(4, 8), 1);
    assertThrows(ChatTemplateException.class, () -> tuning.withTemplate("{% for m in messages %}"));
  }
}
