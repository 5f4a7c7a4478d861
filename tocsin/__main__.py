from tocsin.main import main

main()
