package dev.hone.train.monitor;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.hone.lora.Adapter;
import dev.hone.lora.AdapterFiles;
import dev.hone.lora.LoraConfig;
import dev.hone.nn.Labels;
import dev.hone.nn.PretrainedModel;
import dev.hone.train.TinyModel;
import dev.hone.train.config.UserError;
import dev.hone.train.data.DataException;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions stay as they were added, and names go on and back. */
class RegistryTest {
  @TempDir
  Path directory;

  private Path adapter() throws IOException {
    Path base = TinyModel.write(directory.resolve("base"));
    PretrainedModel model = PretrainedModel.load(base, new Labels(List.of("up", "down"), Labels.Kind.SINGLE_LABEL), 1);
    AdapterFiles.save(Adapter.attach(model, LoraConfig.of(2, 4), 1), directory.resolve("adapter"), "base");
    return directory.resolve("adapter");
  }

  @Test
  void manyMayWriteToOneRegistryAtOnce() throws Exception {
    Path adapter = adapter();
    Registry.open(directory.resolve("registry"));
    Path left = Files.createDirectory(directory.resolve("registry/versions/making")); // by one that was killed
    Files.writeString(left.resolve("half"), "x");
    List<Callable<Integer>> writers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      writers.add(() -> {
        Registry own = Registry.open(directory.resolve("registry")); // each opens it for itself
        int version = own.add(adapter, null, "one of many");
        own.point("name" + version, version);
        return version;
      });
    }
    Set<Integer> versions = new TreeSet<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
      for (Future<Integer> each : threads.invokeAll(writers)) {
        versions.add(each.get());
      }
    }
    Registry registry = Registry.existing(directory.resolve("registry"));
    assertEquals(Set.of(1, 2, 3, 4, 5, 6), versions);
    assertEquals(List.of(1, 2, 3, 4, 5, 6), registry.versions());
    assertEquals(6, registry.aliases().size());
    assertFalse(Files.exists(registry.directory(1).resolve("half")));
    if (FileSystems.getDefault().supportedFileAttributeViews().contains("posix")) { // servers of other users read them, too
      assertEquals(Files.getPosixFilePermissions(directory.resolve("registry")),
          Files.getPosixFilePermissions(registry.directory(1)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{", "[]", "{\"champion\": 1}", "{\"champion\": {\"version\": \"1\"}}", "{\"champion\": {}}",
      "{\"champion\": {\"version\": 1, \"before\": [99999999999]}}"})
  void aFileOfNamesThatIsNoneIsNamed(String names) throws IOException {
    Registry registry = Registry.open(directory.resolve("registry"));
    Files.writeString(directory.resolve("registry/aliases.json"), names);
    assertTrue(assertThrows(DataException.class, registry::aliases).getMessage().contains("aliases.json"));
    assertThrows(DataException.class, () -> registry.rollback(Registry.CHAMPION));
  }

  @Test
  void namesPointToVersionsAndBackAgain() throws Exception {
    Path adapter = adapter();
    Path base = directory.resolve("base");
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
