# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_squares_global_optspecs
    string join \n server= student= name= lang= json follow present ascii linear no-mouse theme= notify= config= tls tls-ca= fingerprint= guest h/help V/version
end

function __fish_squares_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_squares_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_squares_using_subcommand
    set -l cmd (__fish_squares_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c squares -n "__fish_squares_needs_command" -l server -d 'The server, as HOST or HOST:PORT, or several of one room with commas between them [default: 127.0.0.1:7878; where nobody listens there, the full screen hosts a room itself]' -r
complete -c squares -n "__fish_squares_needs_command" -l student -d 'Your student id (학번)' -r
complete -c squares -n "__fish_squares_needs_command" -l name -d 'Your name, where the server has no roster' -r
complete -c squares -n "__fish_squares_needs_command" -l lang -d 'The language of the screen [default: the locale\'s]' -r -f -a "ko\t''
en\t''"
complete -c squares -n "__fish_squares_needs_command" -l theme -d 'The colours: auto, dark, light, contrast or mono [default: by the terminal\'s background]' -r -f -a "auto\t''
dark\t''
light\t''
contrast\t''
mono\t''"
complete -c squares -n "__fish_squares_needs_command" -l notify -d 'Tell of results of mine that come while the window is not looked at: off, bell, title or desktop [default: off]' -r -f -a "off\t''
bell\t''
title\t''
desktop\t''"
complete -c squares -n "__fish_squares_needs_command" -l config -d 'The settings file, with keys of your own [default: squares/config.toml in the folder for settings]' -r -F
complete -c squares -n "__fish_squares_needs_command" -l tls-ca -d 'Speak TLS, and trust only certificates that lead to this one (PEM)' -r -F
complete -c squares -n "__fish_squares_needs_command" -l fingerprint -d 'Speak TLS, and trust only the certificate of this fingerprint, which the server\'s log shows' -r
complete -c squares -n "__fish_squares_needs_command" -l json -d 'Print results as JSON, one a line'
complete -c squares -n "__fish_squares_needs_command" -l follow -d 'Print everybody\'s results until interrupted'
complete -c squares -n "__fish_squares_needs_command" -l present -d 'Show the room large, for a projector: how to join, the latest results and the parabola. Needs no student id, and nobody is told'
complete -c squares -n "__fish_squares_needs_command" -l ascii -d 'Draw with ASCII only, for terminals that show ² or … too wide'
complete -c squares -n "__fish_squares_needs_command" -l linear -d 'Lines one after another in place of a full screen, for screen readers'
complete -c squares -n "__fish_squares_needs_command" -l no-mouse -d 'Leave the mouse to the terminal, so that it selects text as usual'
complete -c squares -n "__fish_squares_needs_command" -l tls -d 'Speak TLS with the server; a certificate that leads to no root of the system is trusted when it is seen first, and refused when it changes'
complete -c squares -n "__fish_squares_needs_command" -l guest -d 'The full screen for a machine that is not the student\'s own, such as behind an SSH server: it keeps nothing, reads no settings, hosts no room, writes no file and starts no program'
complete -c squares -n "__fish_squares_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c squares -n "__fish_squares_needs_command" -s V -l version -d 'Print version'
complete -c squares -n "__fish_squares_needs_command" -a "completions" -d 'Print completions for a shell'
complete -c squares -n "__fish_squares_using_subcommand completions" -s h -l help -d 'Print help'
