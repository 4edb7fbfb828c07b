package dev.hone.core.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.core.kernel.Kernels;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.junit.jupiter.api.Test;

/**
 * One width for each type of element. The methods of {@code FloatVector} are shared by all widths: where they have seen vectors
 * of two classes, the compiler no longer knows a vector's class, and kernels that it compiles afterwards keep theirs in objects.
 */
class SpeciesTest {
  @Test
  void allKernelsUseOneSpeciesOfEachType() throws IOException, URISyntaxException, ReflectiveOperationException {
    assumeTrue(Kernels.vectorModulePresent(), "this JVM runs without --add-modules jdk.incubator.vector");
    Map<Class<?>, Set<VectorSpecies<?>>> species = new HashMap<>();
    for (Path file : classes()) {
      String name = file.getFileName().toString().replace(".class", "");
      Class<?> kernel = Class.forName(SpeciesTest.class.getPackageName() + "." + name);
      for (Field field : kernel.getDeclaredFields()) {
        if (field.getType() == VectorSpecies.class) {
          field.setAccessible(true);
          VectorSpecies<?> value = (VectorSpecies<?>) field.get(null);
          species.computeIfAbsent(value.elementType(), type -> new HashSet<>()).add(value);
        }
      }
    }
    assertEquals(Set.of(FloatVector.SPECIES_PREFERRED), species.get(float.class));
    species.forEach((type, all) -> assertEquals(1, all.size(), () -> type + " has " + all));
  }

  private static List<Path> classes() throws IOException, URISyntaxException {
    Path folder = Path.of(VectorMath.class.getResource("VectorMath.class").toURI()).getParent();
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> classes = files.filter(file -> file.toString().endsWith(".class")).toList();
      assertTrue(classes.size() > 20, () -> "classes of the kernels in " + folder + ": " + classes.size());
      return classes;
    }
  }
}
