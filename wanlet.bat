@echo off
rem SPDX-License-Identifier: Apache-2.0
rem Runs Wanlet's command line, building it on first use and when the checked-out commit has changed.
rem   wanlet [--rebuild] COMMAND ...      wanlet test
rem --rebuild builds although nothing seems to have changed (edits that are not committed are not noticed).
rem Unlike the launcher for Linux and macOS it looks for no graphics card and takes no backend ready-made:
rem WANLET_BACKENDS=cpu,vulkan (with the Vulkan SDK) or cpu,cuda (with the CUDA toolkit) builds one.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
set "ROOT=%ROOT:~0,-1%"
set "STATE=%ROOT%\.wanlet"
set "REBUILD="

if "%~1"=="--rebuild" set "REBUILD=1"
if "%~1"=="test" goto tests

set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
set "CHOSEN="
if defined WANLET_BACKENDS set "CHOSEN=1"
if not defined WANLET_BACKENDS set "WANLET_BACKENDS=cpu"

set "COMMIT=unknown"
for /f %%c in ('git -C "%ROOT%" rev-parse HEAD 2^>nul') do set "COMMIT=%%c"
set "BUILT="
if exist "%STATE%\built" set /p BUILT=<"%STATE%\built"
if not "%BUILT%"=="%COMMIT% %WANLET_BACKENDS%" set "REBUILD=1"
if not exist "%STATE%\java.args" set "REBUILD=1"
if not defined REBUILD goto launch

call :prerequisites || exit /b 1
if not exist "%STATE%" mkdir "%STATE%"
if not defined CHOSEN echo wanlet: building for the CPU: graphics cards are not looked for on Windows. WANLET_BACKENDS=cpu,vulkan with the Vulkan SDK, or cpu,cuda with the CUDA toolkit, builds for one 1>&2
if defined WANLET_READY_BACKENDS echo wanlet: WANLET_READY_BACKENDS has no effect on Windows: backends are built from source 1>&2
echo wanlet: building (log: "%STATE%\build.log") 1>&2
call mvn -B -ntp -f "%ROOT%\pom.xml" -pl java/cli -am -DskipTests "-Dwanlet.native.options=-DWANLET_BACKENDS=%WANLET_BACKENDS%" -Dmdep.outputFile=target/classpath.txt -DincludeScope=runtime package dependency:build-classpath > "%STATE%\build.log" 2>&1
if errorlevel 1 goto failed
set "JAR="
for %%j in ("%ROOT%\java\cli\target\wanlet-cli-*.jar") do set "JAR=%%~fj"
set "LIBRARIES="
for /d %%d in ("%ROOT%\native\target\classes\META-INF\native\*") do set "LIBRARIES=%%~fd"
for /f "usebackq delims=" %%p in ("%ROOT%\java\cli\target\classpath.txt") do set "DEPENDENCIES=%%p"
rem Backslashes are doubled: they escape inside the quotes of a Java argument file.
set "CP=%JAR%;%DEPENDENCIES%"
> "%STATE%\java.args" echo -Xshare:auto -Xlog:disable -XX:+UseSerialGC -XX:-UsePerfData -XX:CompressedClassSpaceSize=128m -XX:ReservedCodeCacheSize=96m
>> "%STATE%\java.args" echo "-Ddev.wanlet.native.path=%LIBRARIES:\=\\%"
>> "%STATE%\java.args" echo -cp "%CP:\=\\%"
> "%STATE%\built" echo %COMMIT% %WANLET_BACKENDS%

:launch
if "%~1"=="--rebuild" goto relaunch
rem Arguments must not stand in a block: one with a parenthesis would end it.
"%JAVA%" "@%STATE%\java.args" dev.wanlet.cli.Main %*
exit /b %ERRORLEVEL%

:relaunch
if "%~2"=="" exit /b 0
rem SHIFT leaves all arguments as they are, so --rebuild is cut off the whole line. No quotes around it: they would end at the
rem user's first one, and what that protects would lie open.
set ARGUMENTS=%*
"%JAVA%" "@%STATE%\java.args" dev.wanlet.cli.Main %ARGUMENTS:*--rebuild=%
exit /b %ERRORLEVEL%

:failed
echo wanlet: the build failed: 1>&2
findstr /c:"ERROR" /c:"CMake Error" /c:"error:" /c:"error C" "%STATE%\build.log" 1>&2
echo wanlet: the full log is "%STATE%\build.log" 1>&2
exit /b 1

:tests
call :prerequisites || exit /b 1
call mvn -B -ntp -fae -f "%ROOT%\pom.xml" verify
exit /b %ERRORLEVEL%

:prerequisites
set "MISSING="
where javac >nul 2>&1 || if not defined JAVA_HOME set "MISSING=%MISSING% JDK-17"
where mvn >nul 2>&1 || set "MISSING=%MISSING% Maven-3.8"
where cmake >nul 2>&1 || set "MISSING=%MISSING% CMake-3.21"
where git >nul 2>&1 || set "MISSING=%MISSING% git"
if not defined MISSING exit /b 0
echo wanlet: needed to build, and missing:%MISSING% 1>&2
echo wanlet: a JDK, CMake, git and Visual Studio's C++ tools can be installed with: 1>&2
echo   winget install EclipseAdoptium.Temurin.17.JDK Kitware.CMake Git.Git Microsoft.VisualStudio.2022.BuildTools 1>&2
echo wanlet: Maven is at https://maven.apache.org/download.cgi 1>&2
exit /b 1
