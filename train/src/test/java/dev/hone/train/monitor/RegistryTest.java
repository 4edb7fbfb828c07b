package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyModel;
import dev.hone.train.config.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions stay as they were added, and names go on and back. */
class RegistryTest {
  @TempDir
  Path directory;

  @Test
  void namesPointToVersionsAndBackAgain() throws Exception {
    Path base = TinyModel.write(directory.resolve("base"));
    PretrainedModel model = PretrainedModel.load(base, new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL), 1);
    Path adapter = directory.resolve("adapter");
    AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), 1), adapter, "base");
    Path reference = Files.writeString(directory.resolve("r.json"), "{}");
    Registry registry = Registry.open(directory.resolve("registry"));
    assertEquals(Map.of(), registry.aliases());
    assertEquals(1, registry.add(adapter, reference, "first"));
    assertEquals(2, registry.add(adapter, null, "second"));
    assertEquals(3, registry.add(adapter, null, "third"));
    assertEquals(List.of(1, 2, 3), registry.versions());
    assertEquals("second", registry.note(2));
    assertNotNull(registry.reference(1));
    assertNull(registry.reference(2));
    assertArrayEquals(Files.readAllBytes(adapter.resolve("adapter_model.safetensors")),
        Files.readAllBytes(registry.directory(3).resolve("adapter_model.safetensors")));

    assertThrows(UserError.class, () -> registry.rollback(Registry.CHAMPION));
    registry.point(Registry.CHAMPION, 1);
    registry.point(Registry.CHAMPION, 3);
    registry.point(Registry.CHAMPION, 3); // nothing new
    registry.point(Registry.CHALLENGER, 2);
    Registry again = Registry.open(directory.resolve("registry"));
    assertEquals(Map.of("champion", 3, "challenger", 2), again.aliases());
    assertEquals(1, again.rollback(Registry.CHAMPION));
    assertEquals(Map.of("champion", 1, "challenger", 2), registry.aliases());
    assertThrows(UserError.class, () -> registry.rollback(Registry.CHAMPION));
    assertThrows(UserError.class, () -> registry.point(Registry.CHAMPION, 4));
    assertThrows(UserError.class, () -> registry.point("../x", 1));
    assertThrows(UserError.class, () -> registry.add(base, null, "no adapter"));
  }
}
