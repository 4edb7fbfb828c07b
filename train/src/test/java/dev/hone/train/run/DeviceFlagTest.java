package dev.hone.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.hone.core.Device;
import dev.hone.core.kernel.cuda.Cuda;
import dev.hone.train.config.Arguments;
import dev.hone.train.config.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where there is no GPU. */
class DeviceFlagTest {
  private final List<String> said = new ArrayList<>();

  @BeforeEach
  void noGpu() {
    assumeFalse(Cuda.probe().ready(), "there is a GPU here, or the emulated driver is loaded in this JVM");
  }

  private Device device(Map<String, String> settings) {
    return DeviceFlag.of(Arguments.of("train", TrainFlags.all(), "settings", settings), said::add);
  }

  @Test
  void autoComputesOnTheCpuAndSaysSoIfAsked() {
    assertSame(Device.CPU, device(Map.of()));
    assertEquals(List.of(), said);
    assertSame(Device.CPU, device(Map.of("device", "auto")));
    assertEquals(List.of("computing on the CPU: " + Cuda.probe().reason()), said);
  }

  @Test
  void aGpuThatIsAskedForIsRefusedWithAllThatWasTried() {
    String message = assertThrows(UserError.class, () -> device(Map.of("device", "cuda"))).getMessage();
    assertTrue(message.matches("--device cuda: .*; tried .*libcuda\\.so\\.1: .*; --device cpu computes without a GPU"), message);
  }
}
